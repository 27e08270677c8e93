import { Cached, type CachedOptions, type CacheStore, cacheOf, type CacheHandle } from '../../src/index.js';
import type { VirtualWorld } from '../support/virtual-world.js';

export type Options = CachedOptions<any[], any, any>;

export interface Service {
  get(...args: any[]): Promise<any>;
}

/** The terms that a store asks for. */
export const SHARED = { name: 'things', version: '1', scope: 'class' } as const;

/** A class whose method `get` is cached in a store as well. */
export const storedClass = (options: Options, load: (...args: any[]) => any): new () => Service => {
  class Stored {
    @Cached({ ...SHARED, ...options })
    async get(...args: any[]): Promise<any> {
      return load.apply(this, args);
    }
  }
  return Stored;
};

/** An instance of it. */
export const stored = (
  world: VirtualWorld,
  store: CacheStore | undefined,
  load: (...args: any[]) => any,
  options: Options = {},
): Service => world.own(new (storedClass({ ...(store && { store }), ...options }, load))());

export const handleOf = (service: object): CacheHandle<(...args: any[]) => any> => cacheOf(service, 'get');
