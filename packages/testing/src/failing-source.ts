import type { Clock } from '@holdfast/core';
import { deferred, type Deferred } from './deferred.js';

/** How one call of a scripted source ends. Made by `ok`, `fail`, `hang` and `after`. */
export type Outcome<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'fail'; readonly error: unknown }
  | { readonly kind: 'hang' }
  | { readonly kind: 'after'; readonly delay: number; readonly then: Outcome<T> };

/** The call returns `value`. */
export const ok = <T>(value: T): Outcome<T> => ({ kind: 'ok', value });

/** The call throws `error`. A function makes a fresh error for each call. */
export const fail = (error: unknown): Outcome<never> => ({ kind: 'fail', error });

/** The call never ends, unless `release` ends it. */
export const hang = (): Outcome<never> => ({ kind: 'hang' });

/** The call ends as `then` says, `delay` milliseconds of the source's clock later. */
export const after = <T>(delay: number, then: Outcome<T>): Outcome<T> => ({ kind: 'after', delay, then });

export interface ScriptedOptions {
  /** The clock of `after`; a script without `after` needs none. */
  readonly clock?: Clock;
}

/** An async function that follows a script and says how it was used. */
export interface ScriptedSource<T, A extends unknown[]> {
  (...args: A): Promise<T>;
  /** How often it was called. */
  readonly calls: number;
  /** How many calls have not ended yet. */
  readonly inFlight: number;
  /** The most calls that were ever in flight at once. */
  readonly maxInFlight: number;
  /** The arguments of each call, in order. */
  readonly received: readonly A[];
  /** Ends every hanging call: with `outcome`, by default an error that says so. Returns how many there were. */
  release(outcome?: Outcome<T>): number;
}

/**
 * A source for in-process tests: its first call ends as the first outcome says, its second as the second, and every
 * further call as the last.
 *
 * @throws RangeError when there is no outcome; TypeError when `after` is used without a clock.
 */
export function scripted<T, A extends unknown[] = unknown[]>(
  outcomes: readonly Outcome<T>[],
  options: ScriptedOptions = {},
): ScriptedSource<T, A> {
  const play = new Play<T, A>(outcomes, options.clock);
  const source = (...args: A): Promise<T> => play.call(args);
  return Object.defineProperties(source, {
    calls: { get: () => play.received.length, enumerable: true },
    inFlight: { get: () => play.inFlight, enumerable: true },
    maxInFlight: { get: () => play.maxInFlight, enumerable: true },
    received: { value: play.received, enumerable: true },
    release: { value: (outcome?: Outcome<T>) => play.release(outcome), enumerable: true },
  }) as unknown as ScriptedSource<T, A>;
}

class Play<T, A extends unknown[]> {
  readonly received: A[] = [];
  readonly #outcomes: readonly Outcome<T>[];
  readonly #clock: Clock | undefined;
  readonly #hanging = new Set<Deferred<T>>();
  inFlight = 0;
  maxInFlight = 0;

  constructor(outcomes: readonly Outcome<T>[], clock: Clock | undefined) {
    if (outcomes.length === 0) throw new RangeError('scripted: at least one outcome is needed');
    if (clock === undefined && outcomes.some(({ kind }) => kind === 'after')) {
      throw new TypeError('scripted: after() needs a clock: scripted(outcomes, { clock })');
    }
    this.#outcomes = [...outcomes];
    this.#clock = clock;
  }

  async call(args: A): Promise<T> {
    const position = Math.min(this.received.length, this.#outcomes.length - 1);
    this.received.push(args);
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    try {
      return await this.#end(this.#outcomes[position] as Outcome<T>);
    } finally {
      this.inFlight -= 1;
    }
  }

  release(outcome: Outcome<T> = fail(() => new Error('scripted: the hanging call was released'))): number {
    const released = [...this.#hanging];
    this.#hanging.clear();
    for (const call of released) call.resolve(this.#end(outcome));
    return released.length;
  }

  async #end(outcome: Outcome<T>): Promise<T> {
    switch (outcome.kind) {
      case 'ok':
        return outcome.value;
      case 'fail':
        throw typeof outcome.error === 'function' ? (outcome.error as () => unknown)() : outcome.error;
      case 'hang':
        return this.#hang();
      case 'after': {
        const { promise, resolve } = deferred();
        (this.#clock as Clock).setTimer(resolve, outcome.delay);
        await promise;
        return this.#end(outcome.then);
      }
    }
  }

  #hang(): Promise<T> {
    const call = deferred<T>();
    this.#hanging.add(call);
    return call.promise;
  }
}
