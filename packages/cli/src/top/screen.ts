import type { Surroundings } from '../context.js';

/** The other screen, so that what stood on the terminal is there again afterwards; and no cursor. */
const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const REST_OF_LINE = '\u001B[K';
const REST_OF_SCREEN = '\u001B[J';

/** q, Q, Ctrl-C and Ctrl-D, and Escape alone; the beginning of an arrow key is no Escape. */
const QUITS = new Set(['q', 'Q', '\u0003', '\u0004', '\u001B']);

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
  readonly #onData = (keys: Buffer): void => {
    if (QUITS.has(keys.toString())) this.#events.onQuit();
  };
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
    if (!this.#stdin.isTTY) return;
    this.#stdin.setRawMode(true);
    this.#stdin.on('data', this.#onData);
    this.#stdin.resume();
  }

  /** In one piece and over what stands there, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${REST_OF_LINE}`).join('\r\n');
    this.#stdout.write(`${HOME}${text}${REST_OF_SCREEN}`);
  }

  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#stdout.off('resize', this.#onResize);
    process.off('exit', this.#leave);
    for (const signal of Object.keys(SIGNALS)) process.off(signal, this.#onSignal);
    if (this.#stdin.isTTY) {
      this.#stdin.off('data', this.#onData);
      this.#stdin.setRawMode(false);
      this.#stdin.pause();
    }
    this.#stdout.write(LEAVE);
  }
}
