import { CachedMany, type CachedManyOptions, cacheOf, oneOf } from '../../src/index.js';
import { stacked } from '../support/dialect.js';
import { type VirtualWorld, virtualWorld } from '../support/virtual-world.js';

export type Options = CachedManyOptions<any[], any, any>;

export interface Lists {
  many(ids: any, ...rest: any[]): Promise<any>;
}

/** An instance whose method `many` is cached by id and runs `load`; further decorators may stand below. */
export const listsWith = (
  world: VirtualWorld,
  options: Options,
  load: (ids: any, ...rest: any[]) => any,
  lines: readonly unknown[] = [],
): Lists => {
  class Service {
    @stacked(CachedMany(options), ...lines)
    async many(ids: any, ...rest: any[]): Promise<any> {
      return load.call(this, ids, ...rest);
    }
  }
  return world.own(new Service());
};

/** A source of values by id: remembers which ids it was asked for, leaves out, fails for, or fails altogether. */
export class Source {
  readonly asked: unknown[][] = [];
  readonly missing = new Set<unknown>();
  readonly errors = new Map<unknown, Error>();
  failure: unknown = undefined;
  version = 1;
  work: Promise<unknown> | undefined = undefined;

  readonly load = async (ids: readonly unknown[]): Promise<unknown[]> => {
    this.asked.push([...ids]);
    await this.work;
    if (this.failure !== undefined) throw this.failure;
    return ids.map((id) => this.valueOf(id));
  };

  readonly loadMap = async (ids: readonly unknown[]): Promise<Map<unknown, unknown>> => {
    const values = await this.load(ids);
    return new Map(ids.map((id, index) => [id, values[index]]));
  };

  private valueOf(id: unknown): unknown {
    if (this.errors.has(id)) return this.errors.get(id);
    return this.missing.has(id) ? undefined : `${String(id)}@${this.version}`;
  }
}

export const lists = (options: Options = {}, lines: readonly unknown[] = []) => {
  const world = virtualWorld();
  const source = new Source();
  const service = listsWith(world, options, source.load, lines);
  return { world, source, service, handle: cacheOf(service, 'many'), one: oneOf(service, 'many') };
};
