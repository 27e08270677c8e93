import { ConfigurationError } from '../errors/configuration-error.js';
import { ManyAdministration } from '../policies/cached/many/administration.js';
import { oneIn } from '../policies/cached/many/answer.js';
import type { OneArgs, OneValue } from '../policies/cached/many/decorator.js';
import { SINGLE } from '../policies/cached/many/interceptor.js';
import { type BoundMethod, boundMethod } from './bound-method.js';
import { CacheHandle, type MethodNames } from './cache-handle.js';

/** Asks a method that takes a list for one id; calls of one turn become one call of the method. */
export interface OneOf<Args extends readonly any[], Value> {
  (...args: Args): Promise<Value | undefined>;
  /** The cache with the arguments of one id: `cache.invalidate(id)`, `cache.warm([[id], [id]])`. */
  readonly cache: CacheHandle<(...args: [...Args]) => Promise<Value | undefined>>;
}

type AnyFunction = (...args: any[]) => any;

/** While the framework is switched off the method runs as written. */
const checkMany = ({ binding, self }: BoundMethod): void => {
  if (self === undefined)
    throw new ConfigurationError(`oneOf: ${binding.label} needs an instance, not its class`, { method: binding.label });
  const { interceptors, runtime } = binding.stack;
  const cached = interceptors.find(({ policy }) => policy === 'cached');
  if (cached?.handle instanceof ManyAdministration || !runtime.settings.enabled) return;
  throw new ConfigurationError(`oneOf: ${binding.label} has no @CachedMany; add one`, {
    method: binding.label,
    policy: 'cached',
  });
};

/**
 * A function of one id from a method with `@CachedMany`, as data loaders have it: calls of one turn of the event loop, or
 * of the option `window`, are gathered into one call of the method. Each caller has the whole stack around his own id:
 * his signal, his total timeout, his fallback. An id that was not found is undefined.
 * @throws ConfigurationError when the method has no `@CachedMany`.
 */
export const oneOf = <Target extends object, Name extends MethodNames<Target>>(
  target: Target,
  name: Name,
): OneOf<
  OneArgs<Parameters<Extract<Target[Name], AnyFunction>>>,
  OneValue<Awaited<ReturnType<Extract<Target[Name], AnyFunction>>>>
> => {
  const method = boundMethod(target, name as string | symbol, 'oneOf');
  checkMany(method);
  const note = { owner: SINGLE, value: true };
  const one = async (id: unknown, ...rest: unknown[]): Promise<unknown> =>
    oneIn(await method.binding.stack.invokeWith(method.self, [[id], ...rest], note), id);
  Object.defineProperty(one, 'cache', { get: () => new CacheHandle(method, one), configurable: true });
  return one as never;
};
