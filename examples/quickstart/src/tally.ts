import type { Products } from './catalog.js';
import type { PlannedCall } from './load.js';

/** An answer that takes longer is as good as none for the person who waits. */
export const IN_TIME = 1000;

/** How one call went. */
export interface CallRecord {
  /** Milliseconds since the start of the afternoon, as planned. */
  readonly at: number;
  readonly isAnswered: boolean;
  readonly took: number;
}

/** Makes calls through one client and keeps how each of them went. */
export class Tally {
  readonly records: CallRecord[] = [];
  readonly #client: Products;
  readonly #running = new Set<Promise<void>>();

  constructor(client: Products) {
    this.#client = client;
  }

  make({ at, id }: PlannedCall): void {
    const began = performance.now();
    const end = (isAnswered: boolean) => (): void =>
      void this.records.push({ at, isAnswered, took: performance.now() - began });
    const call = this.#client.product(id).then(end(true), end(false));
    this.#running.add(call);
    void call.then(() => this.#running.delete(call));
  }

  /** Resolves when every call has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}

/** Records of the calls that were made from `from` on and before `to`. */
export const between = (records: readonly CallRecord[], from: number, to: number): CallRecord[] =>
  records.filter(({ at }) => from <= at && at < to);

const share = (records: readonly CallRecord[], isGood: (record: CallRecord) => boolean): number =>
  records.length === 0 ? Number.NaN : records.filter(isGood).length / records.length;

/** The share of calls that got an answer, however late. */
export const availability = (records: readonly CallRecord[]): number => share(records, ({ isAnswered }) => isAnswered);

/** The share of calls that got an answer within a second. */
export const promptness = (records: readonly CallRecord[]): number =>
  share(records, ({ isAnswered, took }) => isAnswered && took <= IN_TIME);

/** Half of the answers were no slower than `percentile(records, 0.5)`, in milliseconds. */
export function percentile(records: readonly CallRecord[], rank: number): number {
  const times = records
    .filter(({ isAnswered }) => isAnswered)
    .map(({ took }) => took)
    .sort((one, other) => one - other);
  return times[Math.min(times.length - 1, Math.floor(times.length * rank))] ?? Number.NaN;
}
