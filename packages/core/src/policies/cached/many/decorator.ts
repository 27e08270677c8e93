import type { AnyMethod, Later, Settled, ThisOf } from '../../../decorate/decorator-types.js';
import { methodDecorator, sourceLine } from '../../../decorate/method-decorator.js';
import { refuseBareUse, registerPolicy } from '../../../decorate/policy-decorator.js';
import { type OptionSite, configurationError } from '../../../errors/option-check.js';
import type { Binding } from '../../../pipeline/policy.js';
import { Work } from '../../../runtime/work.js';
import { cachedPolicy } from '../decorator.js';
import type { CachedSettings } from '../settings.js';
import { ManyAdministration } from './administration.js';
import type { BatchTerms } from './batch.js';
import { CachedManyInterceptor } from './interceptor.js';
import type { ManyKind } from './kind.js';
import { type CachedManyOptions, type ManySettings, parseCachedManyOptions } from './options.js';
import { SiblingCells } from './sibling-cells.js';

/** An id that was not found is kept only where a ttl for that is given. */
const settingsPerId = (settings: CachedSettings): CachedSettings => {
  const { cacheIf, negativeTtl } = settings;
  if (negativeTtl !== undefined) return settings;
  return {
    ...settings,
    cacheIf: (value, ...args) => value !== undefined && (cacheIf === undefined || cacheIf(value, ...args)),
  };
};

/** Values at once instead of promises: the list is one promise. Its work is counted once, not for every id. */
const bindingPerId = (binding: Binding): Binding =>
  Object.create(binding, { kind: { value: 'sync' }, work: { value: new Work() } }) as Binding;

const manyKind = (settings: ManySettings): ManyKind => ({
  settings: settingsPerId,
  cells: (binding) => (settings.shareWith === undefined ? undefined : new SiblingCells(settings.shareWith, binding)),
  perId: bindingPerId,
  around: (one, each, binding) => {
    const seen = binding.state<BatchTerms['seen']>('answer', () => ({ shape: undefined }));
    seen.shape ??= settings.returns;
    const terms = { method: binding.method, maxBatch: settings.maxBatch, work: binding.work, seen };
    const administration = new ManyAdministration(each, binding, seen);
    return new CachedManyInterceptor(settings, binding, { one, administration, terms });
  },
});

/** The arguments of one entry: an id of the list, then the method's further arguments. */
export type OneArgs<Args extends readonly any[]> = Args extends readonly [readonly (infer Id)[], ...infer Rest]
  ? [id: Id, ...rest: Rest]
  : any[];

type ValueIn<Result> = Result extends readonly (infer Value)[]
  ? Value
  : Result extends ReadonlyMap<any, infer Value>
    ? Value
    : Result extends object
      ? Result[keyof Result]
      : any;

/** The value of one id in what the method answers with; an Error in its place is none. */
export type OneValue<Result> = Exclude<ValueIn<Result>, Error>;

type ListMethod = (this: any, ids: any[], ...rest: any[]) => Promise<object>;
/** A method without parameters takes no list. */
type TakesList<Method extends AnyMethod> = Parameters<Method>['length'] extends 0 ? never : unknown;

/** For methods that take a list first and return a Promise of a list, a Map or an object. */
export interface ListMethodDecorator<Self, Legacy, Args extends any[], Result> {
  (
    value: (this: Self, ...args: Args) => Result,
    context: ClassMethodDecoratorContext<Self, (this: Self, ...args: Args) => Result>,
    phantom1: never,
    phantom2: never,
  ): void;
  (
    target: Legacy,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<(...args: Args) => Result>,
    phantom: never,
  ): void;
  <Method extends ListMethod>(
    value: Method & TakesList<Method>,
    context: ClassMethodDecoratorContext<any, Method>,
  ): void;
  <Method extends ListMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method & TakesList<Method>>,
  ): void;
}

const DECORATOR = '@CachedMany';

/**
 * Caches a method that takes a list of ids first, id by id: known ids are answered from the cache, and one call of the
 * method gets the others. Ids that another call is loading are waited for. The method answers with an array in the order
 * of its ids, one element each, with a Map, or with an object by id; an Error in the place of a value is that id's own.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function CachedMany<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: CachedManyOptions<OneArgs<Later<Args>>, OneValue<Later<Settled<Result>>>, Later<ThisOf<Self, Legacy>>> = {},
): ListMethodDecorator<Self, Legacy, Args, Result> {
  registerPolicy(cachedPolicy);
  const site: OptionSite = { decorator: DECORATOR, policy: 'cached', source: sourceLine(CachedMany) };
  refuseBareUse(site, options);
  if (typeof options === 'function') parseCachedManyOptions(options, site);
  return methodDecorator(site, (at) => {
    if (options === null) throw configurationError(at, 'options must be an object, got null');
    const { cached, many } = parseCachedManyOptions(options, at);
    return {
      source: 'direct',
      policies: Object.freeze({ [cachedPolicy.key]: Object.freeze({ ...cached, many: manyKind(many) }) }),
      named: undefined,
      order: undefined,
      async: true,
      site: at,
    };
  }) as ListMethodDecorator<Self, Legacy, Args, Result>;
}
