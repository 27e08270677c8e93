import { ConfigurationError } from '../../../errors/configuration-error.js';
import type { Binding } from '../../../pipeline/policy.js';
import type { CacheStats } from '../../../stores/cache-stats.js';
import type { CacheKey } from '../../../algorithms/stable-key.js';
import type { CacheAdministration, CacheStorage, Looked } from '../administration.js';
import { assemble, shapeOf, valueIn } from './answer.js';
import type { BatchTerms } from './batch.js';

/** Arguments that are meant for one id: its own, then the further ones. */
type OneArgs = readonly [id: unknown, ...rest: unknown[]];

/** The arguments of a call by id; those that begin with no array are of one id. */
const perId = (args: readonly unknown[]): readonly OneArgs[] => {
  const [ids, ...rest] = args;
  return Array.isArray(ids) ? ids.map((id: unknown): OneArgs => [id, ...rest]) : [[ids, ...rest]];
};

type Public<Type> = { readonly [Key in keyof Type]: Type[Key] };

/** The administration of a cache of single ids, with the arguments of its method: what is done is done for every id. */
export class ManyAdministration implements Public<Omit<CacheAdministration, 'useKeys'>> {
  /** With the arguments of one id. */
  readonly each: CacheAdministration;
  private readonly binding: Binding;
  private readonly seen: BatchTerms['seen'];

  constructor(each: CacheAdministration, binding: Binding, seen: BatchTerms['seen']) {
    this.each = each;
    this.binding = binding;
    this.seen = seen;
  }

  get name(): string {
    return this.each.name;
  }

  get stats(): CacheStats {
    return this.each.stats;
  }

  get isPerInstance(): boolean {
    return this.each.isPerInstance;
  }

  get isScopeInKeys(): boolean {
    return this.each.isScopeInKeys;
  }

  statsOf(self: unknown): CacheStats {
    return this.each.statsOf(self);
  }

  keysOf(self: unknown): CacheKey[] {
    return this.each.keysOf(self);
  }

  storageOf(self: unknown): CacheStorage {
    return this.each.storageOf(self);
  }

  /** Entries of lists are in no store. */
  readonly storeName = undefined;
  readonly guard = undefined;

  async find(self: unknown, args: readonly unknown[]): Promise<Looked | undefined> {
    return this.look(self, args);
  }

  /** As fresh as the least fresh of its ids; undefined where one is missing. */
  look(self: unknown, args: readonly unknown[]): Looked | undefined {
    const looked = perId(args).map((one) => this.each.look(self, one));
    if (!looked.every((each) => each !== undefined)) return undefined;
    const [ids] = args;
    const now = this.binding.runtime.clock.wall();
    const values = looked.map(({ value }) => value);
    return {
      state: looked.every(({ state }) => state === 'fresh') ? 'fresh' : 'stale',
      value: Array.isArray(ids) ? assemble(this.seen.shape ?? 'array', ids, values) : values[0],
      age: looked.reduce((most, { age }) => Math.max(most, age), 0),
      createdAt: looked.reduce((least, { createdAt }) => Math.min(least, createdAt), now),
      remainingTtl: looked.reduce((least, { remainingTtl }) => Math.min(least, remainingTtl), Infinity),
    };
  }

  /** Values as the method answers with them; ids that they have none for are left alone. */
  async set(
    self: unknown,
    args: readonly unknown[],
    value: unknown,
    options: Parameters<CacheAdministration['set']>[3],
  ): Promise<void> {
    const [ids] = args;
    if (!Array.isArray(ids) || shapeOf(value) === undefined) {
      const { method } = this.binding;
      throw new ConfigurationError(
        `cacheOf ${method}: set needs a list of ids and their values: an array, a Map or an object by id`,
        { method, policy: 'cached' },
      );
    }
    await Promise.all(
      perId(args).map(async (one, index) => {
        const each = valueIn(value, one[0], index);
        if (each !== undefined) await this.each.set(self, one, each, options);
      }),
    );
  }

  invalidate(self: unknown, args: readonly unknown[]): boolean {
    return perId(args)
      .map((one) => this.each.invalidate(self, one))
      .includes(true);
  }

  async forget(self: unknown, args: readonly unknown[]): Promise<boolean> {
    return this.invalidate(self, args);
  }

  async forgetValue(...given: Parameters<CacheAdministration['forgetValue']>): Promise<boolean> {
    const [self, args, value, refusal] = given;
    const [ids] = args;
    const valueOf = (id: unknown, index: number): unknown => (Array.isArray(ids) ? valueIn(value, id, index) : value);
    const gone = await Promise.all(
      perId(args).map((one, index) => this.each.forgetValue(self, one, valueOf(one[0], index), refusal)),
    );
    return gone.includes(true);
  }

  expire(self: unknown, args: readonly unknown[]): boolean {
    return perId(args)
      .map((one) => this.each.expire(self, one))
      .includes(true);
  }

  invalidateTags(...given: Parameters<CacheAdministration['invalidateTags']>): void {
    this.each.invalidateTags(...given);
  }

  forgetTags(...given: Parameters<CacheAdministration['forgetTags']>): Promise<number> {
    return this.each.forgetTags(...given);
  }

  invalidatePrefix(self: unknown, prefix: string): number {
    return this.each.invalidatePrefix(self, prefix);
  }

  invalidateAll(self: unknown): void {
    this.each.invalidateAll(self);
  }

  clear(...self: readonly [unknown?]): Promise<number> {
    return this.each.clear(...self);
  }

  clearAll(): void {
    this.each.clearAll();
  }
}
