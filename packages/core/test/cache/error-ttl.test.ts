import { CircuitBreaker, Fallback, circuitOf } from '../../src/index.js';
import { coded, errorOf, virtualWorld } from '../support/virtual-world.js';
import { Counter, type Options, cached, cachedSync, handleOf } from './support.js';

const TIMES: Options = { ttl: 1_000, errorTtl: 100 };

const failing = (options: Options, failure: unknown, lines: readonly unknown[] = []) => {
  const world = virtualWorld();
  const counter = new Counter();
  counter.failure = failure;
  return { world, counter, service: cached(world, options, counter.load, { lines }) };
};

describe('errors with a time to live', () => {
  test('the same error answers, without a load, until its time is over', async () => {
    const failure = coded('ECONNRESET');
    const { world, counter, service } = failing(TIMES, failure);
    await errorOf(service.get('1'));
    await world.clock.advance(99);
    expect(await errorOf(service.get('1'))).toBe(failure);
    expect(counter.calls).toBe(1);
    await world.clock.advance(1);
    await errorOf(service.get('1'));
    expect(counter.calls).toBe(2);
    expect(world.events.of('cache.errorServed')).toMatchObject([
      { age: 99, remainingTtl: 1, error: { code: 'ECONNRESET' } },
    ]);
    expect(handleOf(service).stats).toMatchObject({ hits: 1, misses: 2, errors: 2, lookups: 3 });
  });

  test('it is kept for its own key', async () => {
    const { counter, service } = failing(TIMES, coded('ECONNRESET'));
    await errorOf(service.get('1'));
    await errorOf(service.get('2'));
    expect(counter.calls).toBe(2);
  });

  test('a function decides per error and arguments; null, zero and nonsense mean no', async () => {
    const asked: unknown[][] = [];
    const answers: unknown[] = [null, 0, -1, 'soon', '50ms'];
    const errorTtl = (...given: unknown[]): any => (asked.push(given), answers.shift());
    const failure = Object.assign(new Error('gone'), { status: 404 });
    const { counter, service } = failing({ ttl: 1_000, errorTtl }, failure);
    for (let call = 0; call < 6; call += 1) await errorOf(service.get('1', 'x'));
    expect(counter.calls).toBe(5);
    expect(asked).toEqual(Array.from({ length: 5 }, () => [failure, '1', 'x']));
  });

  test('a function that throws is reported, and nothing is kept', async () => {
    const errorTtl = (): never => {
      throw new Error('oops');
    };
    const { world, counter, service } = failing({ ttl: 1_000, errorTtl }, coded('ECONNRESET'));
    await errorOf(service.get('1'));
    await errorOf(service.get('1'));
    expect(counter.calls).toBe(2);
    expect(world.events.of('listener.failed')).toHaveLength(2);
  });

  test('an old value answers before a kept error does', async () => {
    const { world, counter, service } = failing({ ...TIMES, staleIfError: '1h' }, undefined);
    await service.get('1');
    counter.failure = coded('ECONNRESET');
    await world.clock.advance(1_000);
    expect(await service.get('1')).toBe(1);
    expect(await service.get('1')).toBe(1);
    expect(world.events.of('cache.errorServed')).toEqual([]);
  });

  test('refusals are not kept: the next call may be admitted', async () => {
    const { counter, service } = failing({ ...TIMES, errorTtl: '1h' }, undefined, [CircuitBreaker()]);
    circuitOf(service, 'get').open();
    await errorOf(service.get('1'));
    circuitOf(service, 'get').close();
    expect(await service.get('1')).toBe(1);
    expect(counter.calls).toBe(1);
  });

  test("a caller's abort is not kept", async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const load = async (...args: unknown[]): Promise<number> => {
      await world.clock.sleep(10);
      return counter.load(...args);
    };
    const service = cached(world, { ...TIMES, errorTtl: '1h' }, load);
    const controller = new AbortController();
    const call = errorOf(service.get('1', { signal: controller.signal }));
    controller.abort();
    await call;
    const next = service.get('1');
    await world.clock.advance(10);
    expect(await next).toBeDefined();
  });

  test.each([
    ['invalidate', (service: object) => handleOf(service).invalidate('1')],
    ['clear', (service: object) => handleOf(service).clear()],
    ['expire', (service: object) => handleOf(service).expire('1')],
    ['invalidatePrefix', (service: object) => handleOf(service).invalidatePrefix('1')],
    ['invalidateTags', (service: object) => handleOf(service).invalidateTags('any')],
    ['expireTags', (service: object) => handleOf(service).expireTags('any')],
    ['set', (service: object) => handleOf(service).set(['1'], 9)],
  ])('%s by hand ends it', async (_name, change) => {
    const { counter, service } = failing({ ...TIMES, errorTtl: '1h' }, coded('ECONNRESET'));
    await errorOf(service.get('1'));
    await change(service);
    counter.failure = undefined;
    expect(await service.get('1')).toBeGreaterThan(1);
  });

  test('a refresh by hand passes it by, and a success ends it', async () => {
    const { counter, service } = failing({ ...TIMES, errorTtl: '1h' }, coded('ECONNRESET'));
    await errorOf(service.get('1'));
    counter.failure = undefined;
    expect(await handleOf(service).refresh(['1'])).toBe(2);
    expect(await service.get('1')).toBe(2);
  });

  test('a fallback answers for it, too', async () => {
    const { counter, service } = failing(TIMES, coded('ECONNRESET'), [Fallback({ value: 'instead' })]);
    expect([await service.get('1'), await service.get('1')]).toEqual(['instead', 'instead']);
    expect(counter.calls).toBe(1);
  });

  test('a synchronous method throws it synchronously', () => {
    const world = virtualWorld();
    const counter = new Counter();
    counter.failure = coded('ECONNRESET');
    const service = cachedSync(world, TIMES, counter.load);
    expect(() => service.get('1')).toThrow(counter.failure as Error);
    expect(() => service.get('1')).toThrow(counter.failure as Error);
    expect(counter.calls).toBe(1);
  });

  test('no more errors are kept than there may be entries', async () => {
    const { counter, service } = failing({ ...TIMES, maxSize: 3, errorTtl: '1h' }, coded('ECONNRESET'));
    for (const id of ['1', '2', '3', '4', '2', '3', '4', '1']) await errorOf(service.get(id));
    expect(counter.calls).toBe(5);
  });
});
