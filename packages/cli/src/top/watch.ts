import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.js';
import { themeOf } from '../terminal/theme.js';
import { frameOf } from './frame.js';
import { type Look, withRates } from './look.js';
import { Screen } from './screen.js';

/** The application may be started anew; one that refuses will refuse again. */
const mayPass = (error: unknown): error is Error =>
  error instanceof Error &&
  (error.name === 'InspectorUnreachableError' || ('retryAfter' in error && error.retryAfter !== undefined));

/**
 * Milliseconds until the next look: as an inspector with too many askers says, where it says so. Asking on would use up
 * what it allows the others, a scraper among them, and never have the four answers of a look.
 */
export const pauseAfter = (error: Error, interval: number): number =>
  'retryAfter' in error && typeof error.retryAfter === 'number' ? Math.max(interval, error.retryAfter) : interval;

/** What is on the screen, and what it becomes. */
class Watch {
  readonly #context: Context;
  readonly #interval: number;
  readonly #screen: Screen;
  readonly #end = new AbortController();
  #look: Look;
  #problem: string | undefined;
  #pause: number;

  constructor(context: Context, interval: number, first: Look) {
    this.#context = context;
    this.#interval = interval;
    this.#pause = interval;
    this.#look = first;
    this.#screen = new Screen(context.surroundings, {
      onQuit: () => this.#end.abort(),
      onResize: () => this.#draw(),
    });
  }

  async run(take: () => Promise<Look>): Promise<void> {
    this.#screen.enter();
    try {
      this.#draw();
      while (await this.#waited()) {
        await this.#renew(take);
        if (!this.#end.signal.aborted) this.#draw();
      }
    } finally {
      this.#screen.leave();
    }
  }

  /** False once it is over. */
  #waited(): Promise<boolean> {
    return sleep(this.#pause, true, { signal: this.#end.signal }).catch(() => false);
  }

  /** A quit is not kept waiting for an answer that may never come. */
  async #renew(take: () => Promise<Look>): Promise<void> {
    const { signal } = this.#end;
    let onQuit = (): void => undefined;
    const quit = new Promise<undefined>((resolve) => (onQuit = () => resolve(undefined)));
    signal.addEventListener('abort', onQuit, { once: true });
    this.#pause = this.#interval;
    try {
      const look = await Promise.race([take(), quit]);
      if (look === undefined) return;
      this.#look = withRates(look, this.#look);
      this.#problem = undefined;
    } catch (error) {
      if (!mayPass(error)) throw error;
      this.#problem = `${error.message}; trying again`;
      this.#pause = pauseAfter(error, this.#interval);
    } finally {
      signal.removeEventListener('abort', onQuit);
    }
  }

  #draw(): void {
    const { surroundings, environment } = this.#context;
    const theme = themeOf(surroundings.stdout, environment);
    const frame = { look: this.#look, rows: this.#screen.rows, interval: this.#interval, problem: this.#problem };
    this.#screen.draw(frameOf(frame, theme));
  }
}

/** Shows the application until the user has seen enough. What the first look rejects with, it rejects with. */
export const watch = async (context: Context, interval: number, take: () => Promise<Look>): Promise<void> =>
  new Watch(context, interval, await take()).run(take);
