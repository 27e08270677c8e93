import type { Afternoon } from './afternoon.js';
import { colours, noColours, type Paint } from './paint.js';
import { picture } from './strip.js';

const NARROWEST = 76;

/** Shows an afternoon while it is going on. */
export interface Screen {
  readonly paint: Paint;
  progress(soFar: Afternoon): void;
  /** The picture is complete. */
  finish(afternoon: Afternoon): void;
}

const write = (text: string): void => void process.stdout.write(text);

/** Draws over its last drawing. */
class LiveScreen implements Screen {
  readonly paint = process.stdout.hasColors() ? colours : noColours;
  #height = 0;

  progress(soFar: Afternoon): void {
    const lines = picture(soFar, this.paint);
    const back = this.#height === 0 ? '' : `\u001B[${this.#height}A\r`;
    write(back + lines.map((line) => `${line}\u001B[K\n`).join(''));
    this.#height = lines.length;
  }

  finish(afternoon: Afternoon): void {
    this.progress(afternoon);
  }
}

/** For pipes, logs and narrow terminals: a line per act, then the picture. */
class PlainScreen implements Screen {
  readonly paint = noColours;
  #acts = 0;

  progress({ acts, elapsed }: Afternoon): void {
    for (const act of acts.slice(this.#acts)) {
      if (act.from > elapsed) return;
      this.#acts += 1;
      write(`  ${(act.from / 1000).toFixed(1).padStart(4)} s  ${act.says}\n`);
    }
  }

  finish(afternoon: Afternoon): void {
    this.progress(afternoon);
    write(`\n${picture(afternoon, this.paint).join('\n')}\n`);
  }
}

/** The liveliest screen that standard output can show. Lines of `DEBUG` would tear a live one apart. */
export const chooseScreen = (): Screen => {
  const { isTTY, columns } = process.stdout;
  const { TERM, DEBUG } = process.env;
  return isTTY && columns >= NARROWEST && TERM !== 'dumb' && !DEBUG ? new LiveScreen() : new PlainScreen();
};
