import type { MethodBinding } from '../decorate/bind.js';
import { summarize } from '../errors/error-facts.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import { shown } from '../errors/option-check.js';
import type { Looked } from '../policies/cached/administration.js';

export interface WarmOptions {
  /** Loads under way at a time. Default 8. */
  readonly concurrency?: number;
  /** Once aborted, no further load begins; those under way are waited for. */
  readonly signal?: AbortSignal;
}

/**
 * `loaded`: asked for, and stored. `fresh`: was there already. `stale`: an old value remains, since its renewal failed or
 * runs behind it. `unstored`: answered well, but not kept: by a rule such as `cacheIf`, or since a fallback has answered.
 * `failed`: see `error`. `skipped`: not begun, since the signal was aborted.
 */
export type WarmState = 'loaded' | 'fresh' | 'stale' | 'unstored' | 'failed' | 'skipped';

export interface WarmOutcome<Args extends readonly unknown[] = readonly unknown[]> {
  readonly args: Args;
  readonly state: WarmState;
  /** Of a failed load. */
  readonly error?: unknown;
}

/** What a warm-up has led to: how many of each state, and one outcome per list of arguments, in their order. */
export interface WarmUp<Args extends readonly unknown[] = readonly unknown[]> extends Readonly<
  Record<WarmState, number>
> {
  readonly outcomes: readonly WarmOutcome<Args>[];
}

export interface Warming {
  readonly binding: MethodBinding;
  /** Looks without loading or counting. */
  readonly look: (args: readonly unknown[]) => Looked | undefined;
  /** Calls the method. */
  readonly call: (...args: any[]) => unknown;
}

const DEFAULT_CONCURRENCY = 8;

const concurrencyOf = ({ concurrency = DEFAULT_CONCURRENCY }: WarmOptions): number => {
  if (Number.isInteger(concurrency) && concurrency >= 1) return concurrency;
  throw new ConfigurationError(
    `cacheOf().warm: concurrency must be a whole number of at least 1, got ${shown(concurrency)}`,
    { option: 'concurrency' },
  );
};

const checkArguments = (given: unknown): void => {
  if (typeof (given as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new ConfigurationError(`cacheOf().warm: needs a list of argument lists, such as [['1'], ['2']]`);
};

/** Through the method's whole stack: its retries, limits and breaker hold, and a load under way is joined. */
const warmOne = async <Args extends readonly unknown[]>(
  { look, call }: Warming,
  args: Args,
): Promise<WarmOutcome<Args>> => {
  try {
    if (!Array.isArray(args))
      throw new ConfigurationError(`cacheOf().warm: ${shown(args)} is no list of arguments; write ['1']`);
    if (look(args)?.state === 'fresh') return { args, state: 'fresh' };
    await call(...args);
    const { state } = look(args) ?? { state: 'miss' };
    if (state === 'fresh') return { args, state: 'loaded' };
    return { args, state: state === 'stale' ? 'stale' : 'unstored' };
  } catch (error) {
    return { args, state: 'failed', error };
  }
};

const counted = <Args extends readonly unknown[]>(outcomes: readonly WarmOutcome<Args>[]): WarmUp<Args> => {
  const counts = { loaded: 0, fresh: 0, stale: 0, unstored: 0, failed: 0, skipped: 0 };
  for (const { state } of outcomes) counts[state] += 1;
  return { ...counts, outcomes };
};

/**
 * Loads what is not fresh yet. A failure is an outcome and stops nothing.
 * @throws ConfigurationError on what is no list, and on a wrong option.
 */
export const warmUp = async <Args extends readonly unknown[]>(
  warming: Warming,
  argsList: Iterable<Args>,
  options: WarmOptions,
): Promise<WarmUp<Args>> => {
  const concurrency = concurrencyOf(options);
  checkArguments(argsList);
  const { runtime, label } = warming.binding;
  const startedAt = runtime.clock.now();
  const outcomes: WarmOutcome<Args>[] = [];
  const waiting = argsList[Symbol.iterator]();
  let count = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const index = count++;
      const args = next.value;
      const isSkipped = options.signal?.aborted === true;
      const outcome: WarmOutcome<Args> = isSkipped ? { args, state: 'skipped' } : await warmOne(warming, args);
      outcomes[index] = outcome;
      if (outcome.state === 'failed')
        runtime.events.emit('cache.warmFailed', label, { error: summarize(outcome.error) });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const result = counted(outcomes);
  const { outcomes: _outcomes, ...counts } = result;
  runtime.events.emit('cache.warmed', label, { ...counts, durationMs: runtime.clock.now() - startedAt });
  return result;
};
