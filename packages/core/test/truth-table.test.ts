import { deferred } from '../../testing/src/index.js';
import { Cached, CircuitBreaker, Retry, cacheOf, circuitOf } from '../src/index.js';
import { type VirtualWorld, coded, settledOf, virtualWorld, withStatus } from './support/virtual-world.js';

/**
 * What a cache with single-flight and stale answers promises, row by row. A source that can be told what to do stands
 * behind one asynchronous and one synchronous method of the same options.
 */
class Source {
  calls = 0;
  answer: () => unknown = () => 'value';
  gate: Promise<void> | undefined = undefined;

  next(): unknown {
    this.calls += 1;
    return this.answer();
  }
}

const OPTIONS = { ttl: '1m', staleIfError: '1h' } as const;

class Catalog {
  readonly source = new Source();

  @Cached(OPTIONS)
  async product(_id: string): Promise<unknown> {
    const value = this.source.next();
    await this.source.gate;
    return value;
  }

  @Cached(OPTIONS)
  now(_id: string): unknown {
    return this.source.next();
  }

  @CircuitBreaker({ failureThreshold: 1 })
  @Cached(OPTIONS)
  @Retry({ maxAttempts: 1 })
  async guarded(_id: string): Promise<unknown> {
    return this.source.next();
  }

  @CircuitBreaker({ failureThreshold: 1 })
  @Cached(OPTIONS)
  guardedNow(_id: string): unknown {
    return this.source.next();
  }
}

const failWith = (error: unknown) => (): never => {
  throw error;
};

describe('the truth table', () => {
  let world: VirtualWorld;
  let catalog: Catalog;

  beforeEach(() => {
    world = virtualWorld();
    catalog = world.own(new Catalog());
  });

  const expire = (): Promise<void> => world.clock.advance(60_000);
  const fifty = (): Promise<unknown>[] => Array.from({ length: 50 }, () => catalog.product('1'));

  test('(a) 50 concurrent cold calls run the method once and share its value', async () => {
    const gate = deferred();
    catalog.source.gate = gate.promise;
    const calls = fifty();
    await world.clock.settle();
    expect(catalog.source.calls).toBe(1);
    gate.resolve();
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, () => 'value'));
    expect(catalog.source.calls).toBe(1);
    expect(cacheOf(catalog, 'product').stats).toMatchObject({ misses: 1, coalesced: 49, lookups: 50 });
  });

  test('(b) a leader that fails gives 50 equal rejections from one execution, and the next call starts fresh', async () => {
    const error = coded('ECONNRESET');
    const gate = deferred();
    catalog.source.gate = gate.promise.then(() => Promise.reject(error));
    const calls = fifty().map(settledOf);
    gate.resolve();
    const outcomes = await Promise.all(calls);
    expect(outcomes).toHaveLength(50);
    for (const outcome of outcomes) expect('error' in outcome && outcome.error).toBe(error);
    expect(catalog.source.calls).toBe(1);
    catalog.source.gate = undefined;
    expect(await catalog.product('1')).toBe('value');
    expect(catalog.source.calls).toBe(2);
  });

  test('(c) an expired entry answers for a failing source, within staleIfError', async () => {
    await catalog.product('1');
    await expire();
    catalog.source.answer = failWith(coded('ECONNREFUSED'));
    expect(await catalog.product('1')).toBe('value');
    expect(catalog.source.calls).toBe(2);
    expect(world.events.last('cache.servedStale')).toMatchObject({ reason: 'error', age: 60_000 });
  });

  test('(c) … and of a synchronous method too', () => {
    catalog.now('1');
    world.clock.advanceSync(60_000);
    catalog.source.answer = failWith(coded('ECONNREFUSED'));
    expect(catalog.now('1')).toBe('value');
    expect(catalog.source.calls).toBe(2);
  });

  test('(d) an open circuit answers with the last value and leaves the source untouched', async () => {
    await catalog.guarded('1');
    await expire();
    circuitOf(catalog, 'guarded').open();
    expect(await catalog.guarded('1')).toBe('value');
    expect(catalog.source.calls).toBe(1);
    expect(world.events.last('cache.servedStale')).toMatchObject({ reason: 'circuit-open' });
  });

  test('(d) … and of a synchronous method too', () => {
    catalog.guardedNow('1');
    world.clock.advanceSync(60_000);
    circuitOf(catalog, 'guardedNow').open();
    expect(catalog.guardedNow('1')).toBe('value');
    expect(catalog.source.calls).toBe(1);
  });

  test.each([401, 403])('(e) a status %i is never answered with a stale value, and drops the entry', async (status) => {
    await catalog.product('1');
    await expire();
    const error = withStatus(status);
    catalog.source.answer = failWith(error);
    await expect(catalog.product('1')).rejects.toBe(error);
    expect(await cacheOf(catalog, 'product').lookup('1')).toMatchObject({ state: 'miss' });
    catalog.source.answer = failWith(coded('ECONNREFUSED'));
    await expect(catalog.product('1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('(e) … and of a synchronous method too', () => {
    catalog.now('1');
    world.clock.advanceSync(60_000);
    const error = withStatus(401);
    catalog.source.answer = failWith(error);
    expect(() => catalog.now('1')).toThrow(error);
  });

  test('(f) an invalidation during a load keeps the old value from being stored', async () => {
    const gate = deferred();
    catalog.source.gate = gate.promise;
    catalog.source.answer = () => 'old';
    const early = catalog.product('1');
    await world.clock.settle();
    await cacheOf(catalog, 'product').invalidate('1');
    catalog.source.gate = undefined;
    catalog.source.answer = () => 'new';
    const late = catalog.product('1');
    gate.resolve();
    expect(await early).toBe('old');
    expect(await late).toBe('new');
    expect(await catalog.product('1')).toBe('new');
    expect(catalog.source.calls).toBe(2);
  });

  test('(f) … and a synchronous method that invalidates its own key stores nothing', () => {
    const handle = cacheOf(catalog, 'now');
    catalog.source.answer = () => {
      void handle.invalidate('1');
      return 'old';
    };
    expect(catalog.now('1')).toBe('old');
    expect(handle.peek('1')).toBeUndefined();
    expect(handle.stats.size).toBe(0);
  });

  test.each([[undefined], [null], [0], [''], [false], [Number.NaN]])('(g) a cached %p is a hit', async (value) => {
    catalog.source.answer = () => value;
    expect(await catalog.product('1')).toBe(value);
    expect(await catalog.product('1')).toBe(value);
    expect(catalog.now('1')).toBe(value);
    expect(catalog.now('1')).toBe(value);
    expect(catalog.source.calls).toBe(2);
    expect(cacheOf(catalog, 'product').stats).toMatchObject({ hits: 1, misses: 1 });
    expect(cacheOf(catalog, 'now').stats).toMatchObject({ hits: 1, misses: 1 });
  });
});
