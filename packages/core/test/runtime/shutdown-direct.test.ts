import { deferred } from '../../../testing/src/index.js';
import { Circuit, ResultCache, ShuttingDownError, type createRuntime, resilient, retry } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

/** What runs without a decorated method, and belongs to a runtime all the same. */

const world = () => {
  const { clock, runtime, events } = virtualWorld();
  const gate = deferred<string>();
  const circuit = new Circuit({ name: 'queue', runtime });
  const cache = new ResultCache<string>({ runtime });
  const load = async (): Promise<string> => gate.promise;
  const guarded = resilient(load, { retry: true, name: 'guarded' });
  const begin: Record<string, () => Promise<string>> = {
    queue: () => circuit.call(load),
    ResultCache: () => cache.getOrLoad('key', load),
    guarded: () => runtime.run(() => guarded()),
    fetchUser: () => runtime.run(() => retry(load, { name: 'fetchUser' })),
  };
  return { clock, runtime, events, gate, cache, circuit, load, begin };
};

describe.each(['queue', 'ResultCache', 'guarded', 'fetchUser'])('%s', (name) => {
  test('is counted while it runs, waited for, and refused afterwards', async () => {
    const { clock, runtime, gate, begin, events } = world();
    const call = begin[name]!();
    await clock.settle();
    expect([runtime.stats().inFlight, runtime.health().inFlight]).toEqual([{ [name]: 1 }, 1]);
    const report = runtime.shutdown();
    await clock.advance(5_000);
    gate.resolve('value');
    expect(await call).toBe('value');
    await clock.advance(20);
    expect(await report).toMatchObject({ drained: true, abandoned: [] });
    events.clear();
    const error = await errorOf(name === 'ResultCache' ? loadAnew(runtime) : begin[name]!());
    expect(error).toBeInstanceOf(ShuttingDownError);
    expect(error).toMatchObject({ method: name });
    expect(events.of('call.failed')).toMatchObject([{ method: name, attempts: 0 }]);
  });

  test('is named where it was abandoned', async () => {
    const { clock, runtime, begin } = world();
    void settledOf(begin[name]!());
    const report = await clock.until(runtime.shutdown({ timeout: '1s' }));
    expect(report.abandoned).toEqual([{ method: name, calls: 1, refreshes: 0 }]);
  });
});

const loadAnew = (runtime: ReturnType<typeof createRuntime>): Promise<string> =>
  new ResultCache<string>({ runtime }).getOrLoad('other', async () => 'loaded');

describe('retry()', () => {
  test('goes on with its attempts, sleeps included, when a shutdown begins', async () => {
    const { clock, runtime } = virtualWorld();
    let runs = 0;
    const call = runtime.run(() =>
      retry(
        async () => {
          runs += 1;
          if (runs < 3) throw coded('ECONNRESET');
          return runs;
        },
        { delay: '1s', jitter: 'none', name: 'load' },
      ),
    );
    await clock.advance(500);
    expect(runtime.stats().inFlight).toEqual({ load: 1 });
    const report = runtime.shutdown();
    expect(await clock.until(call)).toBe(3);
    expect(await clock.until(report)).toMatchObject({ drained: true });
    expect(runtime.stats().inFlight).toEqual({});
  });

  test('keeps no more than a thousand names in mind', async () => {
    const { runtime } = virtualWorld();
    const gate = deferred<void>();
    const calls = Array.from({ length: 1_500 }, (_, name) =>
      runtime.run(() => retry(() => gate.promise, { name: `load ${name}` })),
    );
    expect(Object.keys(runtime.stats().inFlight)).toHaveLength(1_001);
    expect([runtime.health().inFlight, runtime.stats().inFlight['others']]).toEqual([1_500, 500]);
    gate.resolve();
    await Promise.all(calls);
    expect(runtime.health().inFlight).toBe(0);
  });

  test('runs on where the runtime is disabled', async () => {
    const { clock, runtime } = virtualWorld({ enabled: false });
    await clock.until(runtime.shutdown());
    expect(await runtime.run(() => retry(async () => 'value'))).toBe('value');
  });
});

test('a circuit and a result cache still tell what they hold, and permits are nobody’s business', async () => {
  const { clock, runtime, cache, circuit, begin, gate } = world();
  cache.put('known', 'value');
  const load = begin['ResultCache']!();
  const report = runtime.shutdown();
  expect([cache.get('known'), await cache.getOrLoad('known', () => 'other')]).toEqual(['value', 'value']);
  const joined = begin['ResultCache']!();
  circuit.admit();
  gate.resolve('loaded');
  expect(await Promise.all([load, joined])).toEqual(['loaded', 'loaded']);
  expect(await clock.until(report)).toMatchObject({ drained: true });
});
