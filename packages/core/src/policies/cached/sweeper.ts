import { LONGEST_TIMEOUT } from '../../runtime/system-timer.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import type { EntryTable } from '../../stores/entry-table.js';
import type { Cells } from './cells.js';

/** Between two sweeps: entries that end one after the other go together. */
const LEAST_PAUSE = 100;

/** Lets go of what can serve no more; returns when the next entry will be such, Infinity for never. */
const sweepTable = (table: EntryTable, now: number, retainedFor: number): number =>
  table.keys().reduce<number>((next, key) => {
    const { freshUntil, hardUntil } = table.timesAt(table.find(key));
    const end = Math.min(freshUntil + retainedFor, hardUntil);
    if (end > now) return Math.min(next, end);
    table.expire(key);
    return next;
  }, Infinity);

/** Lets go of entries as soon as they can serve no more: one timer for all of a method's caches, which keeps no process alive. */
export class Sweeper {
  private readonly cells: Cells;
  private clock: Clock | undefined = undefined;
  private retainedFor = 0;
  private timer: Timer | undefined = undefined;
  private dueAt = Infinity;

  constructor(cells: Cells) {
    this.cells = cells;
  }

  start(clock: Clock, retainedFor: number): void {
    if (this.clock !== clock) this.stop();
    this.clock = clock;
    this.retainedFor = retainedFor;
    this.cells.watch((endsAt) => this.arm(endsAt));
    this.sweep();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.dueAt = Infinity;
    this.clock = undefined;
    this.cells.watch(undefined);
  }

  private arm(endsAt: number): void {
    if (this.clock === undefined || endsAt >= this.dueAt) return;
    this.timer?.cancel();
    this.dueAt = endsAt;
    const delay = Math.max(endsAt - this.clock.now(), LEAST_PAUSE);
    this.timer = this.clock.setTimer(() => this.sweep(), Math.min(delay, LONGEST_TIMEOUT));
    this.timer.unref();
  }

  private sweep(): void {
    const { clock } = this;
    if (clock === undefined) return;
    this.dueAt = Infinity;
    const now = clock.now();
    const ends = this.cells.all().map(({ table }) => sweepTable(table, now, this.retainedFor));
    this.arm(Math.min(...ends));
  }
}
