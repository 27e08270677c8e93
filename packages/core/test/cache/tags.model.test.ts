import * as fc from 'fast-check';
import { currentCall } from '../../src/index.js';
import { coded, virtualWorld } from '../support/virtual-world.js';
import { type Options, cached, cachedSync, handleOf } from './support.js';
import { cellOf, checkCell } from './table-check.js';

/**
 * Tags against a model that keeps a list of entries and goes through all of it at every invalidation: what stamps
 * promise without doing it. Then loads and invalidations in every order.
 */

interface Loaded {
  readonly n: number;
  readonly ttl: number;
  /** What the method says of the result. */
  readonly says: readonly string[];
}

interface Entry {
  readonly value: Loaded;
  readonly tags: readonly string[];
  freshUntil: number;
}

type Step =
  | { readonly do: 'call' | 'refresh'; readonly key: string; readonly ok: boolean; readonly loaded: Omit<Loaded, 'n'> }
  | { readonly do: 'set'; readonly key: string; readonly loaded: Omit<Loaded, 'n'> }
  | { readonly do: 'invalidate' | 'expire' | 'peek'; readonly key: string }
  | { readonly do: 'invalidateTags' | 'expireTags'; readonly tags: readonly string[] }
  | { readonly do: 'invalidatePrefix'; readonly prefix: string }
  | { readonly do: 'wait'; readonly by: number }
  | { readonly do: 'clear' };

interface Setup {
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

const tagsOfKey = (key: string): string[] => [key, `kind:${key.charAt(0)}`];
/** How many expiries of one tag are told apart; of more, the oldest count as earlier than they were. */
const TOLD_APART = 8;

class Model {
  readonly entries = new Map<string, Entry>();
  private readonly expiries = new Map<string, number>();

  constructor(
    readonly setup: Setup,
    readonly now: () => number,
  ) {}

  private within(key: string, window: number): Entry | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && this.now() < entry.freshUntil + window ? entry : undefined;
  }

  fresh(key: string): Loaded | undefined {
    return this.within(key, 0)?.value;
  }

  store(key: string, value: Loaded): void {
    const tags = [...tagsOfKey(key), ...value.says];
    this.entries.set(key, { value, tags, freshUntil: this.now() + value.ttl });
  }

  call(key: string, loaded: Loaded | undefined): Loaded | 'failed' {
    const fresh = this.fresh(key);
    if (fresh !== undefined) return fresh;
    const old = this.within(key, this.setup.staleWhileRevalidate);
    if (old === undefined) return this.load(key, loaded);
    if (loaded !== undefined) this.store(key, loaded);
    return old.value;
  }

  load(key: string, loaded: Loaded | undefined): Loaded | 'failed' {
    if (loaded !== undefined) {
      this.store(key, loaded);
      return loaded;
    }
    const { staleIfError } = this.setup;
    return (staleIfError > 0 ? this.within(key, staleIfError)?.value : undefined) ?? 'failed';
  }

  expire(entry: Entry | undefined): void {
    if (entry !== undefined) entry.freshUntil = Math.min(entry.freshUntil, this.now());
  }

  having(tags: readonly string[]): [string, Entry][] {
    return [...this.entries].filter(([, entry]) => entry.tags.some((tag) => tags.includes(tag)));
  }

  mayExpire(tags: readonly string[]): boolean {
    for (const tag of tags) this.expiries.set(tag, (this.expiries.get(tag) ?? 0) + 1);
    return tags.every((tag) => (this.expiries.get(tag) as number) <= TOLD_APART);
  }
}

const DOWN = coded('ECONNREFUSED');

const play = (setup: Setup, script: readonly Step[]): void => {
  const world = virtualWorld();
  const model = new Model(setup, () => world.clock.now());
  let next: Loaded | undefined;
  const method = (): Loaded => {
    if (next === undefined) throw DOWN;
    if (next.says.length > 0) currentCall().cache?.setTags(next.says);
    return next;
  };
  const options = { ...setup, maxSize: 64, staleErrorThrottle: 0, tags: tagsOfKey, ttl: ({ ttl }: Loaded) => ttl };
  const service = cachedSync(world, options, method);
  const handle = handleOf(service);
  const answerOf = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      expect(error).toBe(DOWN);
      return 'failed';
    }
  };
  for (const [n, step] of script.entries()) {
    switch (step.do) {
      case 'call':
        next = step.ok ? { n, ...step.loaded } : undefined;
        expect(answerOf(() => service.get(step.key))).toBe(model.call(step.key, next));
        break;
      case 'refresh':
        next = step.ok ? { n, ...step.loaded } : undefined;
        model.load(step.key, next);
        handle.refresh([step.key]).catch(() => undefined);
        break;
      case 'set':
        model.store(step.key, { n, ...step.loaded });
        void handle.set([step.key], model.entries.get(step.key)?.value, {
          ttl: step.loaded.ttl,
          tags: step.loaded.says,
        });
        break;
      case 'invalidate':
        model.entries.delete(step.key);
        void handle.invalidate(step.key);
        break;
      case 'expire':
        model.expire(model.entries.get(step.key));
        void handle.expire(step.key);
        break;
      case 'peek':
        expect(handle.peek(step.key)).toBe(model.fresh(step.key));
        break;
      case 'invalidateTags':
        for (const [key] of model.having(step.tags)) model.entries.delete(key);
        void handle.invalidateTags(...step.tags);
        break;
      case 'expireTags':
        if (!model.mayExpire(step.tags)) break;
        for (const [, entry] of model.having(step.tags)) model.expire(entry);
        void handle.expireTags(...step.tags);
        break;
      case 'invalidatePrefix':
        for (const key of [...model.entries.keys()]) if (key.startsWith(step.prefix)) model.entries.delete(key);
        void handle.invalidatePrefix(step.prefix);
        break;
      case 'wait':
        world.clock.advanceSync(step.by);
        break;
      case 'clear':
        model.entries.clear();
        void handle.clear();
        break;
    }
    for (const key of KEYS) expect(handle.peek(key)).toBe(model.fresh(key));
    for (const key of handle.keys()) expect([...model.entries.keys()]).toContain(key);
    checkCell(cellOf(service));
  }
};

const KEYS = ['a1', 'a2', 'b1', 'b2'];
const key = fc.constantFrom(...KEYS);
const says = fc.subarray(['said:x', 'said:y']);
const ttl = fc.constantFrom(1000, 5000, 60_000, Infinity);
const loaded = fc.record({ ttl, says });
const tags = fc.uniqueArray(fc.constantFrom('a1', 'b2', 'kind:a', 'kind:b', 'said:x', 'said:y', 'unknown'), {
  minLength: 1,
  maxLength: 3,
});
const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('call' as const), key, ok: fc.boolean(), loaded }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), by: fc.constantFrom(1, 999, 1000, 5000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('set' as const), key, loaded }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refresh' as const), key, ok: fc.boolean(), loaded }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('invalidate' as const, 'expire' as const), key }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('invalidateTags' as const, 'expireTags' as const), tags }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('invalidatePrefix' as const), prefix: fc.constantFrom('a', 'b2') }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'clear' }) },
);
const window = fc.constantFrom(0, 1000, 5000, Infinity);
const setup = fc.record({ staleWhileRevalidate: window, staleIfError: window });

test('stamps answer as if every invalidation went through all entries', () => {
  fc.assert(fc.property(setup, fc.array(step, { maxLength: 60, size: 'max' }), play), { numRuns: 60 });
});

describe('in whatever order loads and invalidations happen', () => {
  const scenario = (s: fc.Scheduler, options: Options, named?: readonly string[]) => {
    const source = { version: 0 };
    const bring = s.scheduleFunction(async (version: number): Promise<number> => version);
    const world = virtualWorld();
    const service = cached(world, options, async () => {
      const { cache } = currentCall();
      const version = await bring(source.version);
      if (named !== undefined) cache?.setTags(named);
      return version;
    });
    return { source, service, handle: handleOf(service) };
  };
  const modes = fc.array(fc.constantFrom('invalidateTags' as const, 'expireTags' as const), {
    minLength: 1,
    maxLength: 4,
  });
  const sharing = fc.boolean();

  test('nobody who comes after the invalidation of a known tag gets what was read before it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), modes, sharing, async (s, changes, singleFlight) => {
        const { source, service, handle } = scenario(s, { tags: ['items'], singleFlight });
        let floor = 0;
        const writing = s.scheduleSequence(
          changes.map((how, index) => ({
            label: `${how} ${index}`,
            builder: async () => {
              floor = source.version += 1;
              await handle[how]('items', 'others');
            },
          })),
        );
        const reading = Array.from({ length: 4 }, async (_, index) => {
          for (let round = 0; round < 3; round += 1) {
            await s.schedule(Promise.resolve(), `reader ${index}.${round}`);
            const oldest = floor;
            expect(await service.get('1')).toBeGreaterThanOrEqual(oldest);
          }
        });
        await s.waitIdle();
        await Promise.all([writing.task, ...reading]);
        expect(handle.peek('1') ?? source.version).toBe(source.version);
        checkCell(cellOf(service));
      }),
      { numRuns: 150 },
    );
  });

  test('what a tag was named for too late is never stored, and a stale value never returns as fresh', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), modes, sharing, async (s, changes, singleFlight) => {
        const options = { singleFlight, staleWhileRevalidate: '1h', staleIfError: '1h' } as const;
        const { source, service, handle } = scenario(s, options, ['said']);
        const writing = s.scheduleSequence(
          changes.map((how, index) => ({
            label: `${how} ${index}`,
            builder: async () => {
              source.version += 1;
              await handle[how]('said');
              expect(handle.peek('1')).toBeUndefined();
            },
          })),
        );
        const reading = Array.from({ length: 3 }, async (_, index) => {
          for (let round = 0; round < 3; round += 1) {
            await s.schedule(Promise.resolve(), `reader ${index}.${round}`);
            await service.get('1');
            expect(handle.peek('1') ?? source.version).toBe(source.version);
          }
        });
        await s.waitIdle();
        await Promise.all([writing.task, ...reading]);
        await s.waitIdle();
        expect(handle.peek('1') ?? source.version).toBe(source.version);
        checkCell(cellOf(service));
      }),
      { numRuns: 150 },
    );
  });
});
