import * as fc from 'fast-check';
import { Retry, TimedOutError, Timeout, currentCall } from '../../src/index.js';
import type { CacheStats } from '../../src/stores/cache-stats.js';
import { type VirtualWorld, coded, quietWorld, virtualWorld, withStatus } from '../support/virtual-world.js';
import { type Options, type Service, cached, handleOf } from './support.js';
import { cellOf, checkCell, workOf } from './table-check.js';

/**
 * What holds for whatever options, in whatever order calls, changes by hand and failures come: every call ends in time
 * and is counted once, nothing is answered that is older than allowed, past its lease, or read before a removal that
 * came before the call; and in the end nothing is left, neither timers nor loads nor tags.
 */

interface Read {
  readonly id: number;
}

/** What is known of a value: when the latest run began and ended that brought it or found it unchanged. */
interface Facts {
  startedAt: number;
  endedAt: number;
  removals: number;
}

const KEYS = ['a', 0, -0, Number.NaN] as const;
type Key = (typeof KEYS)[number];
/** As maps compare keys. */
const nameOf = (key: Key): string => String(key);
const tagsOf = (key: Key): string[] => ['all', typeof key];

const times = fc.record({
  ttl: fc.constantFrom(20, 60),
  lease: fc.constantFrom(undefined, 30, 90),
  staleWhileRevalidate: fc.constantFrom(0, 50),
  staleIfError: fc.constantFrom(0, 100),
  staleErrorThrottle: fc.constantFrom(0, 15),
  softTimeout: fc.constantFrom(undefined, 10),
  hardTimeout: fc.constantFrom(undefined, 25),
  refreshAhead: fc.constantFrom(undefined, 0.5),
  earlyRefresh: fc.boolean(),
  errorTtl: fc.constantFrom(undefined, 30),
  total: fc.constantFrom(undefined, 40),
});

const manners = fc.record({
  retries: fc.boolean(),
  singleFlight: fc.boolean(),
  clone: fc.constantFrom('none', 'structured'),
  tagged: fc.constantFrom('not', 'by the option', 'by the result'),
  isWatched: fc.boolean(),
});

const key = fc.constantFrom<Key[]>('a', 'a', 'a', ...KEYS);
const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('call' as const), key, abortAfter: fc.constantFrom(-1, -1, 5) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('source' as const),
      ms: fc.constantFrom(0, 5, 15, 45, Infinity),
      answers: fc.constantFrom('value', 'value', 'unchanged', 'down', 'down', 'forbidden', 'nothing', 'once'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('invalidate' as const, 'expire' as const, 'set' as const, 'refresh' as const),
      key,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('clear' as const, 'invalidateTags' as const, 'expireTags' as const, 'prefix' as const),
      key,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('configure' as const),
      maxSize: fc.constantFrom(1, 2, 20),
      enabled: fc.boolean(),
    }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer Each> ? Each : never;
const schedule = fc.array(fc.tuple(fc.constantFrom(0, 0, 3, 11, 19, 30), action), {
  minLength: 5,
  maxLength: 40,
  size: 'max',
});

type Times = typeof times extends fc.Arbitrary<infer Each> ? Each : never;
type Manners = typeof manners extends fc.Arbitrary<infer Each> ? Each : never;

const COUNTED = ['hits', 'coalesced', 'sets', 'evictions', 'expirations'] as const;

class Scenario {
  readonly world: VirtualWorld;
  readonly service: Service;
  private readonly facts = new Map<number, Facts>();
  private readonly removals = new Map<string, number>();
  private readonly source = { ms: 0, answers: 'value' };
  private readonly calls: Promise<void>[] = [];
  private readonly counts = { hits: 0, coalesced: 0, sets: 0, evictions: 0, expirations: 0 };
  /** How often each result that can be consumed only once has found somebody, or has been let go. */
  private readonly takers = new Map<number, number>();
  private hasOnce = false;
  private hasBeenOff = false;
  private reads = 0;
  private lookups = 0;
  private ended = 0;
  private readonly times: Times;
  private readonly isWatched: boolean;
  private readonly tagged: string;

  constructor(given: Times, { retries, singleFlight, clone, tagged, isWatched }: Manners) {
    this.times = given;
    this.isWatched = isWatched;
    this.tagged = tagged;
    this.world = isWatched ? virtualWorld() : quietWorld();
    const { ttl, lease, total, earlyRefresh, staleErrorThrottle, staleWhileRevalidate, staleIfError } = given;
    const { softTimeout, hardTimeout, refreshAhead, errorTtl } = given;
    const options: Options = {
      ttl: lease === undefined ? ttl : () => ({ ttl, hardTtl: lease }),
      ...{ singleFlight, clone, earlyRefresh, staleErrorThrottle, staleWhileRevalidate, staleIfError },
      ...(softTimeout !== undefined && staleIfError > 0 && { softTimeout }),
      ...(hardTimeout !== undefined && { hardTimeout }),
      ...(refreshAhead !== undefined && { refreshAhead }),
      ...(errorTtl !== undefined && { errorTtl }),
      ...(tagged === 'by the option' && { tags: (asked: Key) => tagsOf(asked) }),
    };
    const lines = [
      ...(total === undefined ? [] : [Timeout({ total })]),
      ...(retries ? [Retry({ maxAttempts: 2, delay: 7, jitter: 'none' })] : []),
    ];
    this.service = cached(this.world, options, (asked: Key) => this.load(asked), { lines });
  }

  async play(steps: readonly (readonly [number, Action])[]): Promise<void> {
    this.hasOnce = steps.some(([, each]) => each.do === 'source' && each.answers === 'once');
    for (const [wait, each] of steps) {
      await this.world.clock.advance(wait);
      await this.act(each);
    }
    this.source.ms = 0;
    await this.world.clock.advance(10_000);
    expect(this.ended).toBe(this.calls.length);
    await Promise.all(this.calls);
    this.count();
    this.checkRest();
  }

  private get hasTags(): boolean {
    return this.tagged === 'by the option' && !this.hasBeenOff;
  }

  private get mayHang(): boolean {
    // Whoever gets none of a result that is another's runs the method for himself, as long as that takes.
    return !this.hasOnce && (this.times.hardTimeout !== undefined || this.times.total !== undefined);
  }

  private async load(asked: Key): Promise<Read> {
    const { cache } = currentCall();
    const { ms, answers } = this.source;
    const startedAt = this.world.clock.now();
    const removals = this.removalsOf(asked);
    if (ms === Infinity && this.mayHang) await new Promise(() => undefined);
    else if (ms > 0 && ms < Infinity) await this.world.clock.sleep(ms);
    if (answers === 'down') throw coded('ECONNRESET');
    if (answers === 'forbidden') throw withStatus(403);
    if (this.tagged === 'by the result') cache?.setTags(tagsOf(asked));
    if (answers === 'nothing') cache?.skip();
    const isUnchanged = answers === 'unchanged' && cache?.stale !== undefined;
    const value = isUnchanged ? cache.notModified<Read>() : this.newValue(answers === 'once');
    this.facts.set(value.id, { startedAt, endedAt: this.world.clock.now(), removals });
    return value;
  }

  private newValue(isOnce: boolean): Read {
    const id = (this.reads += 1);
    if (!isOnce) return { id };
    this.takers.set(id, 0);
    const once = { id, next: () => undefined, return: () => this.take(id), [Symbol.iterator]: () => once };
    return once;
  }

  private take(id: number): void {
    const takers = this.takers.get(id);
    if (takers !== undefined) this.takers.set(id, takers + 1);
  }

  private async act(each: Action): Promise<void> {
    const handle = handleOf(this.service);
    if (each.do === 'call') return this.call(each.key, each.abortAfter);
    if (each.do === 'source') return void Object.assign(this.source, { ms: each.ms, answers: each.answers });
    if (each.do === 'configure') {
      const { maxSize, enabled } = each;
      this.hasBeenOff ||= !enabled;
      return this.world.runtime.configure({ defaults: { cache: { maxSize, enabled } } });
    }
    if (each.do === 'refresh')
      return void handle.refresh([each.key]).then(
        ({ id }: Read) => this.take(id),
        () => undefined,
      );
    if (each.do === 'expire') return void (await handle.expire(each.key));
    if (each.do === 'expireTags') return handle.expireTags(typeof each.key);
    this.remove(each);
    if (each.do === 'invalidate') await handle.invalidate(each.key);
    else if (each.do === 'set') await this.setByHand(each.key);
    else if (each.do === 'invalidateTags') await handle.invalidateTags(typeof each.key);
    else if (each.do === 'prefix') await handle.invalidatePrefix('a');
    else {
      this.count();
      await handle.clear();
      this.lookups = 0;
    }
  }

  /** Calls that begin from now on get nothing that was read before. */
  private remove({ do: how, key: given }: Action & { readonly key: Key }): void {
    const isMeant = (each: Key): boolean => {
      if (how === 'clear') return true;
      // A cache that is switched off asks for no tags.
      if (how === 'invalidateTags') return this.hasTags && typeof each === typeof given;
      return how === 'prefix' ? each === 'a' : nameOf(each) === nameOf(given);
    };
    const names = new Set(KEYS.filter(isMeant).map(nameOf));
    for (const name of names) this.removals.set(name, (this.removals.get(name) ?? 0) + 1);
  }

  private async setByHand(given: Key): Promise<void> {
    const now = this.world.clock.now();
    const value = { id: (this.reads += 1) };
    this.facts.set(value.id, { startedAt: now, endedAt: now, removals: this.removalsOf(given) });
    const tags = this.tagged === 'by the result' ? { tags: tagsOf(given) } : undefined;
    await handleOf(this.service).set([given], value, tags);
  }

  private call(asked: Key, abortAfter: number): void {
    const { clock } = this.world;
    const begun = { at: clock.now(), removals: this.removalsOf(asked) };
    const controller = new AbortController();
    const args = abortAfter < 0 ? [asked] : [asked, { signal: controller.signal }];
    if (abortAfter >= 0) clock.setTimer(() => controller.abort('left'), abortAfter);
    this.lookups += 1;
    const call = this.service.get(...args).then(
      (value: Read) => this.checkAnswer(value, begun),
      (error: unknown) => this.checkError(error),
    );
    this.calls.push(call.finally(() => this.checkPatience(begun.at)));
  }

  private checkAnswer(value: Read, begun: { at: number; removals: number }): void {
    const { startedAt, endedAt, removals } = this.facts.get(value.id) as Facts;
    const { ttl, lease, staleIfError, staleWhileRevalidate } = this.times;
    expect(removals).toBeGreaterThanOrEqual(begun.removals);
    this.take(value.id);
    // Whoever waits for a load gets what it brings.
    if (begun.at <= endedAt) return;
    const age = this.world.clock.now() - startedAt;
    expect(age).toBeLessThan(ttl + Math.max(staleIfError, staleWhileRevalidate));
    if (lease !== undefined) expect(age).toBeLessThan(lease);
  }

  private checkError(error: unknown): void {
    const { code, status } = Object(error) as { code?: unknown; status?: unknown };
    const isKnown = error === 'left' || error instanceof TimedOutError || code === 'ECONNRESET' || status === 403;
    if (!isKnown) throw new Error('a call has failed with something else than what was made to fail', { cause: error });
  }

  private checkPatience(begunAt: number): void {
    this.ended += 1;
    if (this.hasOnce) return;
    const { hardTimeout = Infinity, total = Infinity } = this.times;
    expect(this.world.clock.now() - begunAt).toBeLessThanOrEqual(Math.min(hardTimeout, total));
  }

  private count(): void {
    const stats: CacheStats = handleOf(this.service).stats;
    expect(stats.lookups).toBe(this.lookups);
    for (const name of COUNTED) this.counts[name] += stats[name];
  }

  private checkRest(): void {
    const { clock, events } = this.world;
    checkCell(cellOf(this.service));
    expect(workOf(this.service)).toMatchObject({ loads: 0, refreshes: 0 });
    expect([clock.pending, clock.refCount]).toEqual([0, 0]);
    expect([...this.takers].filter(([, takers]) => takers !== 1)).toEqual([]);
    if (!this.isWatched) return;
    const told = (type: Parameters<typeof events.of>[0]): number => events.of(type).length;
    expect(this.counts).toEqual({
      hits: told('cache.hit') + told('cache.errorServed'),
      coalesced: told('cache.coalesced'),
      sets: told('cache.stored'),
      evictions: told('cache.evicted'),
      expirations: told('cache.expired'),
    });
  }

  private removalsOf(asked: Key): number {
    return this.removals.get(nameOf(asked)) ?? 0;
  }
}

test('calls end in time, are counted once and get nothing too old, and in the end nothing is left', async () => {
  const property = fc.asyncProperty(times, manners, schedule, (given, manner, steps) =>
    new Scenario(given, manner).play(steps),
  );
  await fc.assert(property, { numRuns: 150 });
  // What nobody has handled fails the test by itself, once there was a turn for it to be noticed.
  await new Promise((resolve) => setImmediate(resolve));
});
