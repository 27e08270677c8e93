import { deferred, virtualClock } from '../../../testing/src/index.js';
import { Cached, CircuitBreaker, Fallback, Timeout, createRuntime, withRuntime } from '../../src/index.js';
import { coded, errorOf, quietWorld } from '../support/virtual-world.js';
import { type Options, cached, handleOf } from './support.js';

/** Where nobody listens and nothing stands outside of the cache, joiners are answered before a call record exists. */

const gatedReads = (options: Options = {}, lines: readonly unknown[] = []) => {
  const world = quietWorld();
  const gate = deferred<unknown>();
  const received: unknown[][] = [];
  const load = async (...args: unknown[]): Promise<unknown> => {
    received.push(args);
    return gate.promise;
  };
  const service = cached(world, options, load, { lines });
  return { world, gate, received, service, handle: handleOf(service) };
};

describe('callers who join a load', () => {
  test('share its value, and each counts as coalesced', async () => {
    const { service, gate, received, handle } = gatedReads();
    const calls = Array.from({ length: 50 }, () => service.get('1'));
    gate.resolve('value');
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['value']));
    expect(received).toEqual([['1']]);
    expect(handle.stats).toMatchObject({ misses: 1, coalesced: 49, hits: 0 });
  });

  test('get promises of their own', () => {
    const { service } = gatedReads();
    const calls = Array.from({ length: 3 }, () => service.get('1'));
    expect(new Set(calls).size).toBe(3);
  });

  test('share its rejection, the same error for all', async () => {
    const { service, gate } = gatedReads();
    const calls = Array.from({ length: 5 }, () => errorOf(service.get('1')));
    const failure = coded('ECONNREFUSED');
    gate.reject(failure);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([failure]));
  });

  test('run on their own, with their own this and arguments, where the result can be consumed only once', async () => {
    const runtime = createRuntime({ clock: virtualClock(), logger: false });
    const gate = deferred();
    const calls: string[] = [];
    class Pages {
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }
      @Cached({ scope: 'class', key: (path: string) => path.toLowerCase() })
      async page(path: string): Promise<Response> {
        calls.push(`${this.name} ${path}`);
        await gate.promise;
        return new Response(`${this.name} ${path}`);
      }
    }
    const [one, two] = [withRuntime(new Pages('one'), runtime), withRuntime(new Pages('two'), runtime)];
    const pages = [one.page('/A'), two.page('/a'), one.page('/a'), two.page('/A')];
    expect(calls).toEqual(['one /A']);
    gate.resolve();
    const bodies = await Promise.all(pages.map(async (page) => (await page).text()));
    expect(bodies).toEqual(['one /A', 'two /a', 'one /a', 'two /A']);
    expect(calls).toEqual(bodies);
  });

  test('keep the order of their answers where some leave call records behind and others do not', async () => {
    const world = quietWorld();
    const gate = deferred();
    const service = cached(world, {}, async (id: string) => {
      await gate.promise;
      return new Response(id);
    });
    const controller = new AbortController();
    const plain = [service.get('1'), service.get('1')];
    const withSignal = service.get('1', controller.signal);
    const last = service.get('1');
    gate.resolve();
    const responses = await Promise.all([...plain, withSignal, last]);
    expect(new Set(responses).size).toBe(4);
    expect(await Promise.all(responses.map(async (each: Response) => each.text()))).toEqual(['1', '1', '1', '1']);
  });

  test('keep the work alive when its leader leaves', async () => {
    const { service, gate } = gatedReads();
    const controller = new AbortController();
    const leader = errorOf(service.get('1', controller.signal));
    const joiner = service.get('1');
    controller.abort(new Error('gone'));
    expect(await leader).toEqual(new Error('gone'));
    gate.resolve('value');
    expect(await joiner).toBe('value');
  });

  test('leave a load alone that was detached before they came', async () => {
    const { service, gate, handle, received } = gatedReads();
    const first = service.get('1');
    await handle.invalidate('1');
    const second = service.get('1');
    expect(received).toHaveLength(2);
    gate.resolve('value');
    expect(await Promise.all([first, second])).toEqual(['value', 'value']);
  });

  test('are heard as soon as someone listens', async () => {
    const { world, service, gate } = gatedReads();
    const calls = [service.get('1'), service.get('1')];
    const heard: string[] = [];
    world.runtime.events.on('cache.coalesced', ({ type }) => heard.push(type));
    calls.push(service.get('1'));
    gate.resolve('value');
    await Promise.all(calls);
    expect(heard).toEqual(['cache.coalesced']);
  });

  test('get copies where the cache makes copies', async () => {
    const { service, gate } = gatedReads({ clone: 'structured' });
    const calls = [service.get('1'), service.get('1'), service.get('1')];
    gate.resolve({ a: 1 });
    const values = await Promise.all(calls);
    expect(new Set(values).size).toBe(3);
    expect(values[2]).toEqual({ a: 1 });
  });

  test('get the answer of the fallback outside of the cache', async () => {
    const { service, gate } = gatedReads({}, [Fallback({ value: 'instead' })]);
    const calls = [service.get('1'), service.get('1')];
    gate.reject(coded('ECONNREFUSED'));
    expect(await Promise.all(calls)).toEqual(['instead', 'instead']);
  });

  test('are bounded by the total timeout outside of the cache', async () => {
    const { world, service } = gatedReads({}, [Timeout({ total: '1s' })]);
    const calls = [errorOf(service.get('1')), errorOf(service.get('1'))];
    await world.clock.advance(1_000);
    expect(await Promise.all(calls)).toMatchObject([{ code: 'TIMED_OUT' }, { code: 'TIMED_OUT' }]);
  });

  test('are no samples of the circuit breaker inside of the cache', async () => {
    const { service, gate, received } = gatedReads({}, [CircuitBreaker({ failureThreshold: 2 })]);
    const calls = Array.from({ length: 10 }, () => errorOf(service.get('1')));
    gate.reject(coded('ECONNREFUSED'));
    await Promise.all(calls);
    await errorOf(service.get('1'));
    expect(received).toHaveLength(2);
  });
});
