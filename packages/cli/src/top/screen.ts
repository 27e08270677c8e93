import type { Surroundings } from '../context.js';

/**
 * The other screen, so that what stood on the terminal is there again afterwards; no cursor; and what is too long for a
 * line goes on in none.
 */
const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?7l';
const LEAVE = '\u001B[?7h\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const REST_OF_LINE = '\u001B[K';
const REST_OF_SCREEN = '\u001B[J';

/** q, Q, Ctrl-C and Ctrl-D, and Escape alone. */
// eslint-disable-next-line no-control-regex
const QUIT = /[qQ\u0003\u0004\u001B]/;
const SUSPEND = '\u001A';
/** Of an arrow, a function key or a letter with Alt: the Escape that they begin with is none. */
// eslint-disable-next-line no-control-regex
const LONG_KEYS = /\u001B(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\u001B])/g;

/** Where nobody would continue the process, as without a shell, the system does not stop it. */
const UNSTOPPED = 100;

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

export interface ScreenEvents {
  onQuit(): void;
  onResize(): void;
}

/** The whole terminal for a while. `leave` gives it back as it was, and so does the end of the process. */
export class Screen {
  readonly #stdin: NodeJS.ReadStream;
  readonly #stdout: NodeJS.WriteStream;
  readonly #events: ScreenEvents;
  readonly #onSignal: (signal: NodeJS.Signals) => void;
  readonly #leave = (): void => this.leave();
  readonly #onResize = (): void => this.#events.onResize();
  /** Several keys come at once where a link is slow or a process was busy. */
  readonly #onData = (bytes: Buffer): void => {
    const keys = bytes.toString().replaceAll(LONG_KEYS, '');
    if (QUIT.test(keys)) this.#events.onQuit();
    // To all that the shell has started with this process, as the terminal itself would send it.
    else if (keys.includes(SUSPEND)) process.kill(0, 'SIGTSTP');
  };
  readonly #onSuspend = (): void => this.#suspend();
  /** Whoever had the terminal meanwhile has left it as it likes. */
  readonly #onContinue = (): void => {
    clearTimeout(this.#unstopped);
    this.leave();
    this.enter();
    this.#events.onResize();
  };
  #unstopped: NodeJS.Timeout | undefined;
  #isEntered = false;

  constructor({ stdin, stdout }: Pick<Surroundings, 'stdin' | 'stdout'>, events: ScreenEvents) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#events = events;
    this.#onSignal = (signal) => {
      this.leave();
      process.exit(128 + SIGNALS[signal as keyof typeof SIGNALS]);
    };
  }

  /** Lines of the terminal. */
  get rows(): number {
    return this.#stdout.rows > 0 ? this.#stdout.rows : 24;
  }

  enter(): void {
    this.#isEntered = true;
    this.#stdout.write(ENTER);
    this.#stdout.on('resize', this.#onResize);
    process.once('exit', this.#leave);
    for (const signal of Object.keys(SIGNALS)) process.once(signal, this.#onSignal);
    process.once('SIGTSTP', this.#onSuspend);
    process.once('SIGCONT', this.#onContinue);
    if (!this.#stdin.isTTY) return;
    this.#stdin.setRawMode(true);
    this.#stdin.on('data', this.#onData);
    this.#stdin.resume();
  }

  /** In one piece and over what stands there, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (!this.#isEntered) return;
    // Erased before it is written: behind a full line the cursor stands on its last character, which would go with it.
    const text = lines.map((line) => `${REST_OF_LINE}${line}`).join('\r\n');
    const rest = lines.length < this.rows ? `\r\n${REST_OF_SCREEN}` : '';
    this.#stdout.write(`${HOME}${text}${rest}`);
  }

  leave(): void {
    process.off('SIGCONT', this.#onContinue);
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#stdout.off('resize', this.#onResize);
    process.off('exit', this.#leave);
    for (const signal of Object.keys(SIGNALS)) process.off(signal, this.#onSignal);
    process.off('SIGTSTP', this.#onSuspend);
    if (this.#stdin.isTTY) {
      this.#stdin.off('data', this.#onData);
      this.#stdin.setRawMode(false);
      this.#stdin.pause();
    }
    this.#stdout.write(LEAVE);
  }

  /** Gives the terminal to the shell, and stops as a process does that does not listen to the signal. */
  #suspend(): void {
    this.leave();
    process.once('SIGCONT', this.#onContinue);
    this.#unstopped = setTimeout(this.#onContinue, UNSTOPPED);
    process.kill(process.pid, 'SIGTSTP');
  }
}
