import { fit, printable } from './text.js';
import type { Theme } from './theme.js';

const INTERVAL = 80;
/** What is done sooner needs no sign of life. */
const PATIENCE = 150;
const ERASE = '\r\u001B[K';

/** A sign of life on a terminal while something takes its time; nothing anywhere else. */
export class Spinner {
  readonly #stream: NodeJS.WritableStream;
  readonly #theme: Theme;
  #timer: NodeJS.Timeout | undefined;
  #text = '';
  #frame = 0;
  #isShown = false;

  constructor(stream: NodeJS.WritableStream, theme: Theme) {
    this.#stream = stream;
    this.#theme = theme;
  }

  start(text: string): void {
    this.stop();
    if (!this.#theme.isTerminal) return;
    this.#text = printable(text);
    this.#timer = setTimeout(() => this.#spin(), PATIENCE);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.clear();
  }

  /** Makes room for a line of someone else's; the next frame comes by itself. */
  clear(): void {
    if (this.#isShown) this.#stream.write(ERASE);
    this.#isShown = false;
  }

  #spin(): void {
    const { paint, symbols, columns = 80 } = this.#theme;
    const sign = symbols.frames[this.#frame % symbols.frames.length] as string;
    this.#frame += 1;
    this.#isShown = true;
    this.#stream.write(`${ERASE}${paint.cyan(sign)} ${fit(this.#text, columns - 3, symbols.ellipsis)}`);
    this.#timer = setTimeout(() => this.#spin(), INTERVAL);
  }
}
