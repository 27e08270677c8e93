import * as fc from 'fast-check';
import type { HoldfastEvent } from '../../src/index.js';
import { hashKey } from '../../src/algorithms/key-hash.js';
import { processSalt } from '../../src/runtime/system.js';
import { coded, virtualWorld, withStatus } from '../support/virtual-world.js';
import { type SyncService, cachedSync, handleOf } from './support.js';
import { cellOf, checkCell } from './table-check.js';

/**
 * The cache against a model that is a list in order of use. The model is told by events when the cache has purged or
 * evicted an entry, and checks that it was right to; all else it works out itself.
 */

type Failure = 'transient' | 'unauthorized' | 'gone' | 'rejected by the server';
type Step =
  | {
      readonly do: 'call';
      readonly key: number;
      readonly outcome: 'ok' | Failure;
      readonly ttl: number;
      readonly lease?: number | undefined;
    }
  | { readonly do: 'set'; readonly key: number; readonly ttl: number }
  | { readonly do: 'refresh'; readonly key: number; readonly outcome: 'ok' | Failure; readonly ttl: number }
  | { readonly do: 'invalidate'; readonly key: number }
  | { readonly do: 'peek'; readonly key: number }
  | { readonly do: 'clear' }
  | { readonly do: 'resize'; readonly maxSize: number }
  | { readonly do: 'suspend'; readonly by: number }
  | { readonly do: 'wait'; readonly by: number };

interface Loaded {
  readonly n: number;
  readonly ttl: number;
  readonly lease?: number | undefined;
}

interface Entry {
  readonly key: number;
  readonly value: Loaded;
  readonly freshUntil: number;
  readonly hardUntil: number;
  readonly hardUntilWall: number;
}

const ERRORS: Record<Failure, () => unknown> = {
  transient: () => coded('ECONNREFUSED'),
  unauthorized: () => withStatus(401),
  gone: () => withStatus(410),
  'rejected by the server': () => withStatus(422),
};

interface Setup {
  readonly maxSize: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

const counts = () => ({ hits: 0, misses: 0, staleHits: 0, sets: 0, errors: 0, evictions: 0, expirations: 0 });

class Model {
  /** Least recently used first. */
  entries: Entry[] = [];
  readonly throttles = new Map<number, { until: number; delay: number }>();
  counts = counts();

  constructor(
    readonly setup: Setup,
    public maxSize: number,
    readonly time: { now(): number; wall(): number },
  ) {}

  entry(key: number): Entry | undefined {
    return this.entries.find((each) => each.key === key);
  }

  hasEnded(entry: Entry): boolean {
    return this.time.now() >= entry.hardUntil || this.time.wall() >= entry.hardUntilWall;
  }

  isWithin(entry: Entry, window: number): boolean {
    return !this.hasEnded(entry) && this.time.now() < entry.freshUntil + window;
  }

  use(entry: Entry): void {
    this.entries = [...this.entries.filter((each) => each !== entry), entry];
  }

  remove(key: number): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((each) => each.key !== key);
    this.throttles.delete(key);
    return this.entries.length < before;
  }

  store(key: number, value: Loaded, lease: number | undefined): void {
    this.remove(key);
    const now = this.time.now();
    const entry = {
      key,
      value,
      freshUntil: now + value.ttl,
      hardUntil: lease === undefined ? Infinity : now + lease,
      hardUntilWall: lease === undefined ? Infinity : this.time.wall() + lease,
    };
    this.entries.push(entry);
    this.counts.sets += 1;
  }

  holdBack(key: number): void {
    if (this.entry(key) === undefined) return;
    const previous = this.throttles.get(key)?.delay;
    const delay = previous === undefined ? 1000 : Math.min(30_000, previous * 2);
    this.throttles.set(key, { until: this.time.now() + delay, delay });
  }

  isHeldBack(key: number): boolean {
    return this.time.now() < (this.throttles.get(key)?.until ?? -Infinity);
  }

  /** Returns what a call answers, or the failure it throws. */
  call(key: number, outcome: 'ok' | Failure, loaded: Loaded): Loaded | Failure {
    const entry = this.entry(key);
    if (entry !== undefined && this.isWithin(entry, 0)) {
      this.use(entry);
      this.counts.hits += 1;
      return entry.value;
    }
    if (entry !== undefined && this.isWithin(entry, this.setup.staleWhileRevalidate)) {
      this.use(entry);
      this.counts.staleHits += 1;
      if (!this.isHeldBack(key)) this.refresh(key, outcome, loaded);
      return entry.value;
    }
    if (entry !== undefined && this.isWithin(entry, this.setup.staleIfError) && this.isHeldBack(key)) {
      this.use(entry);
      this.counts.staleHits += 1;
      return entry.value;
    }
    const answer = this.load(key, outcome, loaded);
    this.counts[answer === entry?.value ? 'staleHits' : 'misses'] += 1;
    return answer;
  }

  refresh(key: number, outcome: 'ok' | Failure, loaded: Loaded): void {
    if (outcome === 'ok') return this.store(key, loaded, loaded.lease);
    this.counts.errors += 1;
    if (outcome === 'transient') this.holdBack(key);
    else this.remove(key);
  }

  load(key: number, outcome: 'ok' | Failure, loaded: Loaded): Loaded | Failure {
    const entry = this.entry(key);
    if (outcome === 'ok') {
      this.store(key, loaded, loaded.lease);
      return loaded;
    }
    this.counts.errors += 1;
    if (outcome === 'unauthorized' || outcome === 'gone') this.remove(key);
    const { staleIfError } = this.setup;
    if (outcome !== 'transient' || staleIfError === 0 || entry === undefined || !this.isWithin(entry, staleIfError))
      return outcome;
    this.use(entry);
    this.holdBack(key);
    return entry.value;
  }

  /** The cache says that it has dropped an entry. `before` is the model's list when the step began. */
  hear(event: HoldfastEvent, before: readonly Entry[]): void {
    if (event.type !== 'cache.expired' && event.type !== 'cache.evicted') return;
    const dropped = before.find(({ key }) => hashKey(key, processSalt()) === event.keyHash) as Entry;
    const present = this.entry(dropped.key);
    if (event.type === 'cache.expired') {
      const { staleWhileRevalidate, staleIfError } = this.setup;
      expect(this.isWithin(dropped, Math.max(staleWhileRevalidate, staleIfError))).toBe(false);
      this.counts.expirations += 1;
    } else {
      expect(this.entries.length).toBeGreaterThan(this.maxSize);
      expect(dropped).toBe(this.entries[0]);
      this.counts.evictions += 1;
    }
    if (present === dropped) this.remove(dropped.key);
  }
}

const play = (setup: Setup, script: readonly Step[]): void => {
  const world = virtualWorld();
  const { maxSize, ...windows } = setup;
  world.runtime.configure({ defaults: { cache: { maxSize } } });
  const model = new Model(setup, maxSize, world.clock);
  let next: { outcome: 'ok' | Failure; loaded: Loaded } | undefined;
  const load = (): Loaded => {
    if (next === undefined) throw new Error('nobody should have loaded');
    if (next.outcome !== 'ok') throw ERRORS[next.outcome]();
    return next.loaded;
  };
  const ttl = ({ ttl: own, lease }: Loaded) => ({
    ttl: own,
    hardUntil: lease === undefined ? Infinity : world.clock.wall() + lease,
  });
  const service: SyncService = cachedSync(world, { ...windows, ttl }, load);
  const handle = handleOf(service);
  const cell = cellOf(service);
  const answerOf = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      const { status } = error as { status?: number };
      return { 401: 'unauthorized', 410: 'gone', 422: 'rejected by the server' }[status ?? 0] ?? 'transient';
    }
  };
  for (const [n, step] of script.entries()) {
    world.events.clear();
    const before = [...model.entries];
    switch (step.do) {
      case 'call': {
        const loaded: Loaded = { n, ttl: step.ttl, lease: step.lease };
        next = { outcome: step.outcome, loaded };
        const expected = model.call(step.key, step.outcome, loaded);
        expect(answerOf(() => service.get(step.key))).toBe(expected);
        break;
      }
      case 'refresh': {
        const loaded: Loaded = { n, ttl: step.ttl };
        next = { outcome: step.outcome, loaded };
        model.load(step.key, step.outcome, loaded);
        handle.refresh([step.key]).catch(() => undefined);
        break;
      }
      case 'set':
        model.store(step.key, { n, ttl: step.ttl }, undefined);
        void handle.set([step.key], model.entry(step.key)?.value, { ttl: step.ttl });
        break;
      case 'invalidate':
        model.remove(step.key);
        void handle.invalidate(step.key);
        break;
      case 'peek': {
        const entry = model.entry(step.key);
        expect(handle.peek(step.key)).toBe(entry !== undefined && model.isWithin(entry, 0) ? entry.value : undefined);
        break;
      }
      case 'clear':
        model.entries = [];
        model.throttles.clear();
        model.counts = counts();
        void handle.clear();
        break;
      case 'resize':
        model.maxSize = step.maxSize;
        world.runtime.configure({ defaults: { cache: { maxSize: step.maxSize } } });
        void handle.stats;
        break;
      case 'suspend':
        world.clock.skewWall(step.by);
        break;
      case 'wait':
        world.clock.advanceSync(step.by);
        break;
    }
    for (const event of world.events.events) model.hear(event, [...before, ...model.entries]);
    expect(handle.keys()).toEqual(model.entries.map(({ key }) => key).reverse());
    expect(handle.stats).toMatchObject({
      ...model.counts,
      coalesced: 0,
      size: model.entries.length,
      maxSize: model.maxSize,
    });
    checkCell(cell);
  }
};

const key = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 1 }) }, fc.integer({ min: 0, max: 5 }));
const ttl = fc.constantFrom(1000, 5000, 60_000, Infinity);
const outcome = fc.oneof(
  { weight: 5, arbitrary: fc.constant('ok' as const) },
  { weight: 4, arbitrary: fc.constant('transient' as const) },
  { weight: 1, arbitrary: fc.constantFrom<Failure[]>('unauthorized', 'gone', 'rejected by the server') },
);
const by = fc.constantFrom(1, 500, 999, 1000, 2000, 4000, 5000, 10_000, 60_000);
const lease = fc.option(fc.constantFrom(500, 2000, 20_000), { nil: undefined });
const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('call' as const), key, outcome, ttl, lease }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('wait' as const), by }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('set' as const), key, ttl }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refresh' as const), key, outcome, ttl }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('invalidate' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('peek' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('suspend' as const), by }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize' as const), maxSize: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'clear' }) },
);
const window = fc.constantFrom(0, 1000, 5000, 60_000, Infinity);
const setup = fc.record({
  maxSize: fc.integer({ min: 1, max: 6 }),
  staleWhileRevalidate: window,
  staleIfError: window,
});

describe('the cache', () => {
  test('answers, keeps, drops and counts as the model does over random histories', () => {
    fc.assert(fc.property(setup, fc.array(step, { maxLength: 100, size: 'max' }), play), { numRuns: 250 });
  });
});
