import { Cached, cacheOf, withRuntime } from '@holdfast/core';
import type { Lab, Print } from './lab.js';

class Cache {
  @Cached({ ttl: '5s' })
  async value(key: string): Promise<{ data: string } | undefined> {
    return key === 'test' ? { data: 'value' } : undefined;
  }
}

/** Exercise 1: a cache with a ttl. */
export const cacheDemo = async (lab: Lab, print: Print): Promise<void> => {
  const cache = cacheOf(withRuntime(new Cache(), lab.runtime), 'value');
  const get = async (key: string): Promise<void> => {
    const { state, value } = await cache.lookup(key);
    print(`[CACHE ${state === 'fresh' ? 'HIT' : 'MISS'}] ${key}`);
    print(value === undefined ? 'undefined' : JSON.stringify(value));
  };
  await cache.set(['test'], { data: 'value' });
  print('[CACHE SET] test');
  await get('test');
  await get('test');
  print('Waiting for expiry...');
  await lab.pass(6_000);
  await get('test');
  print('Observation: the cache returns hits until its ttl ends.');
};
