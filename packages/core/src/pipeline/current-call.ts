import type { Duration } from '../algorithms/duration.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import { onePerProcess } from '../runtime/one-per-process.js';
import type { Call } from './call.js';

/** What a method may ask about its own call, synchronously, before its first `await`. */
export interface CurrentCall {
  /** `Class.method`. */
  readonly method: string;
  /** The try this is, counted from 1. */
  readonly attempt: number;
  /** Aborted when this attempt times out, the caller aborts, or the last caller of a shared load has left. */
  readonly signal: AbortSignal;
  /** Milliseconds until the total timeout; `Infinity` without one. */
  readonly remaining: number;
  /** What the cache knows of this load; undefined where the method is not cached. */
  readonly cache: CurrentLoad | undefined;
}

/**
 * The load of a cached method, seen from inside: read synchronously as all of `currentCall()`, and of use until the load
 * has ended. What is said in an attempt that fails is forgotten with it. Calls that run beside the cache have none.
 */
export interface CurrentLoad {
  /** The value that is being replaced, when there is one. */
  readonly stale: { readonly value: unknown; readonly age: number } | undefined;
  /** True when no caller waits: a refresh in the background. */
  readonly isRefresh: boolean;
  /**
   * Tags of the result, besides those of the option `tags`; once more: instead of those said before. With a wrong tag the
   * result is not stored, since nothing could invalidate it, and `listener.failed` tells.
   */
  setTags(tags: readonly string[]): void;
  /** The ttl of the result, in the place of any other. 0, negative or no duration: it is not stored. */
  setTtl(ttl: Duration): void;
  /** The result is not stored; what is there stays. */
  skip(): void;
  /**
   * For a source that says that nothing has changed: `return cache.notModified()` answers with the stale value and stores
   * it as a new one, its tags with it.
   * @throws ConfigurationError where there is no `stale` value.
   */
  notModified<Value = never>(): Value;
}

/** A load, as the call of its method knows it. */
export interface LoadUnderWay {
  view(): CurrentLoad;
}

class CallView implements CurrentCall {
  readonly method: string;
  readonly attempt: number;
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
    this.method = call.method;
    this.attempt = attemptOf(call);
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get remaining(): number {
    return this.#call.remaining(this.#call.frame.runtime.clock.now());
  }

  get cache(): CurrentLoad | undefined {
    for (let call: Call | undefined = this.#call; call !== undefined; call = call.parent) {
      if (call.more?.cache !== undefined) return (call.more.cache as LoadUnderWay).view();
    }
    return undefined;
  }
}

/** The retry may stand in an outer frame; only one frame of a stack counts beyond 1. */
export const attemptOf = (call: Call): number => {
  let attempt = 1;
  for (let each: Call | undefined = call; each !== undefined; each = each.parent)
    attempt = Math.max(attempt, each.attempt);
  return attempt;
};

export const viewOf = (call: Call): CurrentCall => new CallView(call);

/**
 * The innermost call whose method runs synchronously just now. An object, so that the executor sets it without a
 * function call and restores it without a `finally`.
 */
export const running = /* @__PURE__ */ onePerProcess<{ call: Call | undefined }>('running', () => ({
  call: undefined,
}));

const REMEDY =
  'read it synchronously at the top of the decorated method, before the first await: const { signal } = currentCall();';

/**
 * The call whose method runs now.
 * @throws ConfigurationError outside a decorated method, or after its first `await`.
 */
export const currentCall: { (): CurrentCall; optional(): CurrentCall | undefined } = /* @__PURE__ */ Object.assign(
  (): CurrentCall => {
    if (running.call === undefined)
      throw new ConfigurationError(`currentCall() was called outside a decorated method or after an await; ${REMEDY}`);
    return viewOf(running.call);
  },
  { optional: (): CurrentCall | undefined => (running.call === undefined ? undefined : viewOf(running.call)) },
);
