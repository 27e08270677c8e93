import { seededRandom } from '@holdfast/testing';

/** A call that somebody makes, `at` milliseconds after the start. */
export interface PlannedCall {
  readonly at: number;
  readonly id: string;
}

const CALLS_PER_SECOND = 100;
const PRODUCTS = 30;
/** A product goes on sale, and this many people look at it in the same instant. */
export const CROWD = 50;
/** When the crowd comes, as a share of the afternoon. */
const SALE_AT = 0.08;

/** Few products are asked for often, many seldom: the nth most popular one with weight 1/n. */
function popularity(): number[] {
  let sum = 0;
  const totals = Array.from({ length: PRODUCTS }, (_, index) => (sum += 1 / (index + 1)));
  return totals.map((total) => total / sum);
}

/** The calls of an afternoon in order of time. A seed repeats them. */
export function callsOf(length: number, seed: number): PlannedCall[] {
  const random = seededRandom(seed);
  const totals = popularity();
  const pick = (): string => {
    const draw = random();
    return `p${totals.findIndex((total) => draw < total) + 1}`;
  };
  const count = Math.round((length / 1000) * CALLS_PER_SECOND);
  const visits = Array.from({ length: count }, () => ({ at: random() * length, id: pick() }));
  const crowd = Array.from({ length: CROWD }, () => ({ at: SALE_AT * length, id: 'new' }));
  return [...visits, ...crowd].sort((one, other) => one.at - other.at);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Hands every call to `make` at its time, late ones at once, without waiting for answers. */
export async function playCalls(calls: readonly PlannedCall[], make: (call: PlannedCall) => void): Promise<void> {
  const start = performance.now();
  for (const call of calls) {
    const wait = call.at - (performance.now() - start);
    if (wait > 1) await sleep(wait);
    make(call);
  }
}
