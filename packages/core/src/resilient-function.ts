import { recordOf } from './decorate/method-record.js';
import { wrapFunction } from './decorate/resilient-function.js';
import { type OptionSite, configurationError, isRecord, shown, text } from './errors/option-check.js';
import { bindingOf } from './decorate/bind.js';
import { CacheHandle } from './handles/cache-handle.js';
import { type ResilientOptions, checkForOne, parseResilientOptions } from './resilient.js';
import { runtimeOf } from './runtime/world.js';

type AnyFunction = (...args: any[]) => any;

/** A function with policies. */
export type ResilientFunction<Fn extends AnyFunction> = Fn & {
  /** The function's cache. @throws ConfigurationError when it has none. */
  readonly cache: CacheHandle<Fn>;
};

/**
 * Policies for a function without a class: `const load = resilient(loadProduct, { cache: { ttl: '1m' }, retry: true })`.
 * Type, name and length stay; `this` is passed on.
 * @param options as `@Resilient`'s, and `name` for events.
 * @throws ConfigurationError on a wrong option.
 */
export const resilient = <Fn extends AnyFunction>(
  fn: Fn,
  options:
    string | (ResilientOptions<ThisParameterType<Fn>, Parameters<Fn>, ReturnType<Fn>> & { readonly name?: string }),
): ResilientFunction<Fn> => {
  if (typeof fn !== 'function')
    throw configurationError({ decorator: 'resilient()' }, `needs a function, got ${shown(fn)}`);
  const { name, given } = nameAndPolicies(fn, options);
  const site: OptionSite = { decorator: 'resilient()', method: name };
  const wrapper = wrapFunction(fn, name, checkForOne(parseResilientOptions(given, site), site), site);
  Object.defineProperty(wrapper, 'cache', { get: () => cacheOfFunction(wrapper), configurable: true });
  return wrapper as ResilientFunction<Fn>;
};

const nameAndPolicies = (fn: AnyFunction, options: unknown): { name: string; given: unknown } => {
  const own = fn.name || 'anonymous';
  if (!isRecord(options)) return { name: own, given: options };
  const { name = own, ...given } = options;
  const problem = text(name);
  if (problem !== undefined)
    throw configurationError({ decorator: 'resilient()', method: own }, `name ${problem}, got ${shown(name)}`, 'name');
  return { name: name as string, given };
};

const cacheOfFunction = (wrapper: AnyFunction): CacheHandle<AnyFunction> => {
  const record = recordOf(wrapper);
  if (record === undefined)
    throw configurationError({ decorator: 'resilient().cache' }, 'this is no function of resilient()');
  return new CacheHandle({ binding: bindingOf(record, runtimeOf(undefined, wrapper), null), self: undefined });
};

/**
 * Policies to be given to several functions: `const guarded = composePolicies({ retry: true }); guarded(fn)`.
 * @throws ConfigurationError on a wrong option, at once.
 */
export const composePolicies = (
  options: string | ResilientOptions<unknown, any[], any>,
): (<Fn extends AnyFunction>(fn: Fn) => ResilientFunction<Fn>) => {
  const site: OptionSite = { decorator: 'composePolicies()' };
  checkForOne(parseResilientOptions(options, site), site);
  return (fn) => resilient(fn, options as string);
};
