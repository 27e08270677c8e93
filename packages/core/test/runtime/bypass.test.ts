import {
  Cached,
  CircuitBreaker,
  Fallback,
  Retry,
  Timeout,
  cacheOf,
  callOutcome,
  circuitOf,
  configure,
  definePolicy,
  events,
  resetConfiguration,
  resilient,
  uncached,
  withContext,
} from '../../src/index.js';
import { coded, errorOf, virtualWorld } from '../support/virtual-world.js';

const seen: string[] = [];
definePolicy({ name: 'bypass-probe', bind: () => ({ enter: () => void seen.push('probe') }) });
afterEach(() => resetConfiguration());

class Api {
  runs = 0;

  @Fallback({ value: 'none' })
  @Cached()
  @Retry({ maxAttempts: 2, delay: 0 })
  @CircuitBreaker({ failureThreshold: 100 })
  @Timeout({ attempt: '1s', total: '5s' })
  async load(_id: string): Promise<string> {
    this.runs += 1;
    if (this.runs % 2 === 1) throw coded('ECONNRESET');
    return `value ${this.runs}`;
  }
}

describe('withContext({ bypass })', () => {
  test('true runs methods as written', async () => {
    const { own, clock } = virtualWorld();
    const api = own(new Api());
    expect(await errorOf(withContext({ bypass: true }, () => api.load('1')))).toMatchObject({ code: 'ECONNRESET' });
    expect([api.runs, circuitOf(api, 'load').metrics.calls, clock.pending]).toEqual([1, 0, 0]);
  });

  test('with the cache neither reads nor writes it, and leaves the rest', async () => {
    const { own } = virtualWorld();
    const api = own(new Api());
    await cacheOf(api, 'load').set(['1'], 'cached');
    expect(await withContext({ bypass: 'cache' }, () => api.load('1'))).toBe('value 2');
    expect(await api.load('1')).toBe('cached');
    expect(await withContext({ bypass: ['cache'] }, () => callOutcome(api, 'load', '1'))).toMatchObject({
      value: 'value 4',
      source: 'method',
    });
    expect(cacheOf(api, 'load').stats.lookups).toBe(1);
  });

  test('with several passes each of them by, both halves of a timeout included', async () => {
    const { own } = virtualWorld();
    const api = own(new Api());
    const bypass = ['cache', 'retry', 'timeout'] as const;
    expect(await withContext({ bypass }, () => callOutcome(api, 'load', '1'))).toMatchObject({ source: 'fallback' });
    expect([api.runs, circuitOf(api, 'load').metrics.failureCount]).toEqual([1, 1]);
  });

  test('holds across awaits, for everything that is called from inside, and for nobody else', async () => {
    configure({ logger: false });
    const load = resilient(async (id: string) => `${id} ${Math.random()}`, { cache: true });
    const known = await load('1');
    const handler = async (): Promise<string> => {
      await new Promise(setImmediate);
      return load('1');
    };
    const [fresh, cached] = await Promise.all([withContext({ bypass: 'cache' }, handler), handler()]);
    expect([fresh === known, cached === known]).toEqual([false, true]);
  });

  test('inside of another bypass: both hold', async () => {
    const { own } = virtualWorld();
    const api = own(new Api());
    const run = (): Promise<unknown> => withContext({ bypass: 'cache' }, () => api.load('1'));
    expect(await withContext({ bypass: ['retry', 'fallback'] }, () => errorOf(run()))).toMatchObject({
      code: 'ECONNRESET',
    });
    expect(cacheOf(api, 'load').stats.lookups).toBe(0);
    const all = (): Promise<unknown> => withContext({ bypass: true }, () => errorOf(api.load('1')));
    api.runs = 0;
    expect(await withContext({ bypass: 'cache' }, all)).toMatchObject({ code: 'ECONNRESET' });
  });

  test('holds beside uncached()', async () => {
    const { own } = virtualWorld();
    const api = own(new Api());
    const load = (): Promise<unknown> => uncached(api).load('1');
    expect(await withContext({ bypass: 'retry' }, load)).toBe('none');
    expect([api.runs, cacheOf(api, 'load').stats.lookups]).toEqual([1, 0]);
  });

  test('of nothing changes nothing', async () => {
    const { own } = virtualWorld();
    const api = own(new Api());
    await cacheOf(api, 'load').set(['1'], 'cached');
    for (const bypass of [false, [], undefined] as const)
      expect(await withContext({ ...(bypass !== undefined && { bypass }) }, () => api.load('1'))).toBe('cached');
  });

  test('follows the settings', async () => {
    const { own, runtime, clock } = virtualWorld();
    class Failing {
      runs = 0;
      @Cached()
      @Retry({ delay: 0 })
      async load(): Promise<void> {
        this.runs += 1;
        throw coded('ECONNRESET');
      }
    }
    const failing = own(new Failing());
    const run = (): Promise<unknown> => clock.until(errorOf(withContext({ bypass: 'cache' }, () => failing.load())));
    await run();
    runtime.configure({ defaults: { retry: { maxAttempts: 5 } } });
    await run();
    expect(failing.runs).toBe(8);
  });

  test('knows policies of one’s own', async () => {
    configure({ logger: false });
    const load = resilient(async () => 1, { bypassProbe: {} } as never);
    await load();
    await withContext({ bypass: 'bypassProbe' as never }, () => load());
    expect(seen).toEqual(['probe']);
  });

  test('is no fact of events', async () => {
    configure({ logger: false });
    const contexts: unknown[] = [];
    events.on('call.succeeded', ({ context }) => contexts.push(context));
    const load = resilient(async () => 1, { retry: true });
    await withContext({ bypass: 'cache', traceId: 't' }, () => load());
    expect(contexts).toEqual([{ traceId: 't' }]);
  });

  test.each([
    ['cahce', "withContext: bypass must be true or name policies, got 'cahce'; did you mean 'cache'?"],
    [['retry', 7], 'withContext: bypass must be true or name policies, got 7; known policies:'],
  ])('refuses what is no policy: %s', (bypass, message) => {
    expect(() => withContext({ bypass: bypass as never }, () => 1)).toThrow(message);
  });
});
