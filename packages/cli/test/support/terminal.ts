import type * as NodePty from '@lydell/node-pty';
import { Terminal } from '@xterm/headless';
import { environmentOf, type RunOptions } from './run.js';

type Pty = typeof NodePty;

/** The native module, where there is one for this machine. */
export const pty = ((): Pty | undefined => {
  try {
    return require('@lydell/node-pty') as Pty;
  } catch {
    return undefined;
  }
})();

export interface TerminalOptions extends RunOptions {
  readonly columns?: number;
  readonly rows?: number;
}

/** A program in a pseudo-terminal, and what a person sees of it. */
export class TerminalRun {
  readonly #terminal: Terminal;
  readonly #process: NodePty.IPty;
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;
  /** Everything it wrote, escape sequences included. */
  raw = '';
  readonly exited: Promise<{ readonly exitCode: number; readonly signal?: number | undefined }>;

  constructor(file: string, args: readonly string[], options: TerminalOptions = {}) {
    const { columns: cols = 100, rows = 24, cwd, env } = options;
    this.#terminal = new Terminal({ cols, rows, allowProposedApi: true });
    const { TERM: name = 'xterm-256color' } = env ?? {};
    this.#process = (pty as Pty).spawn(file, [...args], {
      name,
      cols,
      rows,
      ...(cwd !== undefined && { cwd }),
      env: environmentOf(env),
    });
    this.#process.onData((data) => {
      this.raw += data;
      this.#terminal.write(data, () => this.#waiting.forEach((look) => look()));
    });
    this.exited = new Promise((resolve) => {
      this.#process.onExit((exit) => {
        this.#hasEnded = true;
        this.#terminal.write('', () => resolve(exit));
      });
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The lines that are to be seen, without blanks behind them. */
  get screen(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, row) =>
      (active.getLine(active.viewportY + row)?.translateToString(true, 0, this.#terminal.cols) ?? '').trimEnd(),
    );
  }

  get text(): string {
    return this.screen.join('\n').trimEnd();
  }

  /** Whether the program shows the screen that it shares with none. */
  get isOnOtherScreen(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  type(keys: string): void {
    this.#process.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#process.resize(columns, rows);
  }

  kill(signal?: string): void {
    if (!this.#hasEnded) this.#process.kill(signal);
  }

  /** Resolves once the screen has it; rejects with the screen when that takes too long. */
  sees(pattern: RegExp, limit = 20_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = (): void => {
        if (!pattern.test(this.text)) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${pattern} is not to be seen on\n${this.text}`));
      }, limit);
      this.#waiting.add(look);
      look();
    });
  }
}
