import type { Call } from '../../pipeline/call.js';
import type { Runtime } from '../../runtime/runtime.js';

/**
 * Retries inside of retries multiply: three attempts of a method whose own call is tried three times are nine requests,
 * just when the other side has least to give. It may be meant, so it is told, once for each pair of methods.
 */

/** Pairs that are remembered; beyond, nothing more is told. */
const MOST_PAIRS = 1000;
const KEY = 'nested retries';

const pairsOf = ({ state }: Runtime): Set<string> => {
  let pairs = state.get(KEY) as Set<string> | undefined;
  if (pairs === undefined) state.set(KEY, (pairs = new Set()));
  return pairs;
};

/** The run around, itself included, that makes several attempts. */
const retryingAround = (outer: Call): Call | undefined => {
  let each: Call | undefined = outer;
  while (each !== undefined && each.frame.attempts === 1) each = each.parent ?? each.more?.outer;
  return each;
};

export const reportNested = (
  outer: Call,
  maxAttempts: number,
  { method, runtime }: { readonly method: string; readonly runtime: Runtime },
): void => {
  const channel = runtime.events.channel('retry.nested');
  if (maxAttempts === 1 || !channel.isWatched) return;
  const retrying = retryingAround(outer);
  if (retrying === undefined) return;
  const pairs = pairsOf(runtime);
  const pair = `${retrying.method} > ${method}`;
  if (pairs.has(pair) || pairs.size >= MOST_PAIRS) return;
  pairs.add(pair);
  const runs = maxAttempts * retrying.frame.attempts;
  channel.emit(method, { outer: retrying.method, ...(Number.isFinite(runs) && { runs }) });
};
