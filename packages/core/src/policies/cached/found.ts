import type { EntryTimes } from '../../stores/entry-table.js';
import type { Freshness } from './machine.js';

/** What a store knew, on this process's clocks. */
export interface Found {
  readonly value: unknown;
  readonly times: EntryTimes;
  readonly tags: readonly string[] | undefined;
  readonly freshness: Exclude<Freshness, 'gone'>;
}
