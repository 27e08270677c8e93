import { type CacheHandle, Cached, type CachedOptions, cacheOf } from '../../src/index.js';
import { stacked } from '../support/dialect.js';
import type { VirtualWorld } from '../support/virtual-world.js';

type Load = (...args: any[]) => any;
export type Options = CachedOptions<any[], any, any>;

export interface Service {
  get(...args: any[]): Promise<any>;
}

/** An instance whose method `get` is cached with `options` and runs `load`; further decorators may stand below. */
export const cached = <Self extends object = object>(
  world: VirtualWorld,
  options: Options,
  load: Load,
  { lines = [], self = {} as Self }: { lines?: readonly unknown[]; self?: Self } = {},
): Service & Self => {
  class CachedService {
    @stacked(Cached(options), ...lines)
    async get(...args: any[]): Promise<any> {
      return load.apply(this, args);
    }
  }
  return world.own(Object.assign(new CachedService(), self));
};

export interface SyncService {
  get(...args: any[]): any;
}

/** The same for a synchronous method. */
export const cachedSync = (world: VirtualWorld, options: Options, load: Load): SyncService => {
  class SynchronousService {
    @Cached(options)
    get(...args: any[]): any {
      return load.apply(this, args);
    }
  }
  return world.own(new SynchronousService());
};

export const handleOf = (service: object): CacheHandle<(...args: any[]) => any> => cacheOf(service, 'get');

/** Counts its calls and answers with their number, or throws what `failure` holds. */
export class Counter {
  calls = 0;
  failure: unknown = undefined;
  readonly received: unknown[][] = [];

  readonly load = (...args: unknown[]): number => {
    this.calls += 1;
    this.received.push(args);
    if (this.failure !== undefined) throw this.failure;
    return this.calls;
  };
}
