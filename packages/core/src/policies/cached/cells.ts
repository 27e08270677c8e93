import type { CacheKey } from '../../algorithms/stable-key.js';
import { processSecret } from '../../runtime/system.js';
import { CacheCell } from '../../stores/cache-cell.js';
import type { MakeSlots } from '../../stores/entry-slots.js';
import type { DropReason } from '../../stores/entry-table.js';
import { type Eviction, lruSlots, slotsFor } from '../../stores/evictions.js';
import type { Weighing } from '../../stores/weighing.js';
import type { CachedCell } from './flight.js';
import type { CachedSettings } from './settings.js';

/** The caches of one method: one per instance, or one for all calls. Instances are held weakly. */
export class Cells {
  private readonly onDrop: (key: CacheKey, reason: DropReason) => void;
  private maxSize: number;
  private eviction: Eviction = 'lru';
  private makeSlots: MakeSlots = lruSlots;
  private weighing: Weighing | undefined = undefined;
  private onStored: CachedCell['onStored'] = undefined;
  private isPerInstance = true;
  /** Where calls without an instance belong, and all calls of a shared scope. */
  private common: CachedCell | undefined = undefined;
  private readonly byInstance = new WeakMap<object, CachedCell>();
  private readonly live = new Set<WeakRef<CachedCell>>();
  private readonly forget = new FinalizationRegistry<WeakRef<CachedCell>>((reference) => this.live.delete(reference));

  constructor(maxSize: number, onDrop: (key: CacheKey, reason: DropReason) => void) {
    this.maxSize = maxSize;
    this.onDrop = onDrop;
  }

  of(self: unknown): CachedCell {
    if (!this.isPerInstance || (typeof self !== 'object' && typeof self !== 'function') || self === null)
      return (this.common ??= this.create());
    return this.byInstance.get(self) ?? this.adopt(self);
  }

  /** All cells alive, the common one first where it is in use. */
  all(): readonly CachedCell[] {
    const owned = [...this.live].flatMap((reference) => reference.deref() ?? []);
    if (!this.isPerInstance) this.common ??= this.create();
    return this.common === undefined ? owned : [this.common, ...owned];
  }

  /** New settings: entries are kept, another bound evicts. */
  configure(
    { maxSize, scope, eviction, weighing }: CachedSettings,
    weigh: (value: unknown) => number | undefined,
  ): this {
    this.isPerInstance = scope === 'instance';
    this.maxSize = maxSize;
    if (eviction !== this.eviction) this.makeSlots = slotsFor(eviction, processSecret);
    this.eviction = eviction;
    for (const cell of this.all()) {
      const { table } = cell;
      cell.weighing = weighing;
      table.resize(maxSize);
      table.useSlots(this.makeSlots);
      if (weighing !== undefined && weighing.weigh !== this.weighing?.weigh) table.reweigh(weigh);
      table.limitBytes(weighing?.maxBytes ?? Infinity);
    }
    this.weighing = weighing;
    return this;
  }

  /** From now on `onStored` hears of every entry; undefined: nobody. */
  watch(onStored: CachedCell['onStored']): void {
    this.onStored = onStored;
    for (const cell of this.all()) cell.onStored = onStored;
  }

  private adopt(self: object): CachedCell {
    const cell = this.create();
    this.byInstance.set(self, cell);
    const reference = new WeakRef(cell);
    this.live.add(reference);
    this.forget.register(self, reference);
    return cell;
  }

  private create(): CachedCell {
    const cell: CachedCell = new CacheCell(this.maxSize, this.onDrop, this.makeSlots);
    cell.weighing = this.weighing;
    cell.onStored = this.onStored;
    cell.table.limitBytes(this.weighing?.maxBytes ?? Infinity);
    return cell;
  }
}
