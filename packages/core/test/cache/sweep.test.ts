import { ConfigurationError } from '../../src/index.js';
import { virtualWorld } from '../support/virtual-world.js';
import { Counter, cached, handleOf, type Options } from './support.js';

/** `sweep`: what can answer no more leaves the memory although nobody asks for it. */

const open = (options: Options) => {
  const world = virtualWorld();
  const service = cached(world, { sweep: true, ...options }, new Counter().load);
  return { world, service, handle: handleOf(service) };
};

describe('swept entries', () => {
  test('leave when their time and their windows are over, and are told as expired', async () => {
    const { world, service, handle } = open({ ttl: '1s', staleIfError: '9s' });
    await service.get('1');
    await world.clock.advance(5_000);
    await service.get('2');
    await world.clock.advance(4_999);
    expect(handle.stats.size).toBe(2);
    await world.clock.advance(1);
    expect([handle.stats.size, world.events.count('cache.expired')]).toEqual([1, 1]);
    await world.clock.advance(5_000);
    expect([handle.stats.size, handle.stats.expirations]).toEqual([0, 2]);
    expect(world.clock.pending).toBe(0);
  });

  test('leave at the end of their leases', async () => {
    const { world, service, handle } = open({ ttl: () => ({ ttl: 1_000, hardTtl: 3_000 }), staleIfError: '1h' });
    await service.get('1');
    await world.clock.advance(2_999);
    expect(handle.stats.size).toBe(1);
    await world.clock.advance(1);
    expect(handle.stats.size).toBe(0);
  });

  test('leave one after the other, the one that was stored last and ends first among them', async () => {
    const { world, service, handle } = open({ ttl: (value: number) => (value === 1 ? '1h' : '1s') });
    await service.get('long');
    await service.get('short');
    await world.clock.advance(1_000);
    expect(handle.keys()).toEqual(['long']);
    await world.clock.advance(3_600_000);
    expect(handle.keys()).toEqual([]);
  });

  test('stay when they never end, and need no timer', async () => {
    const { world, service, handle } = open({ ttl: Infinity });
    await service.get('1');
    expect(world.clock.pending).toBe(0);
    await world.clock.advance(1e12);
    expect(handle.stats.size).toBe(1);
  });

  test('stay as long as a renewal says', async () => {
    const { world, service, handle } = open({ ttl: '1s' });
    await service.get('1');
    await world.clock.advance(500);
    await handle.refresh(['1']);
    await world.clock.advance(999);
    expect(handle.stats.size).toBe(1);
    await world.clock.advance(1);
    expect(handle.stats.size).toBe(0);
  });

  test('are those of every instance, and the option may come and go', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: '1s' }, new Counter().load);
    await service.get('1');
    await world.clock.advance(2_000);
    expect(handleOf(service).stats.size).toBe(1);
    world.runtime.configure({ defaults: { cache: { sweep: true } } });
    await service.get('2');
    await world.clock.advance(0);
    expect(handleOf(service).keys()).toEqual(['2']);
    world.runtime.configure({ defaults: { cache: { sweep: false } } });
    await service.get('3');
    await world.clock.advance(5_000);
    expect([handleOf(service).stats.size, world.clock.pending]).toEqual([2, 0]);
  });

  test('are swept by a timer that keeps no process alive', async () => {
    const { world, service } = open({ ttl: '1h' });
    await service.get('1');
    expect([world.clock.pending, world.clock.refCount]).toEqual([1, 0]);
  });
});

test('sweep is a flag', () => {
  expect(() => cached(virtualWorld(), { sweep: 'yes' as never }, new Counter().load)).toThrow(ConfigurationError);
});
