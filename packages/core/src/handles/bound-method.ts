import { type MethodBinding, allBindings, bindingOf } from '../decorate/bind.js';
import { type MethodRecord, ownerOf, recordOf } from '../decorate/method-record.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import { shown } from '../errors/option-check.js';
import type { Interceptor } from '../pipeline/interceptor.js';
import { runtimeOf } from '../runtime/world.js';

/** A decorated method of a class or instance, as handles reach it. */
export interface BoundMethod {
  readonly binding: MethodBinding;
  /** The instance, the class for statics, or undefined where a class stands for all its instances. */
  readonly self: unknown;
}

const memberOf = (target: object, name: string | symbol): MethodRecord | undefined => {
  for (let each: object | null = target; each !== null; each = Object.getPrototypeOf(each) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(each, name);
    if (descriptor !== undefined) return recordOf(descriptor.value);
  }
  return undefined;
};

const nameOf = (target: object): string => {
  const named: unknown = typeof target === 'function' ? target : (target as { constructor?: unknown }).constructor;
  return typeof named === 'function' ? named.name : 'object';
};

/** A private method is known to the runtime once it has been called. */
const privateBinding = (target: object, name: string): MethodBinding | undefined =>
  allBindings(runtimeOf(target)).find(
    ({ record, owner }) =>
      record.place.isPrivate && record.key === name && owner !== undefined && owner === ownerOf(target),
  );

const find = (target: object, name: string | symbol): BoundMethod | undefined => {
  const runtime = runtimeOf(target);
  const record = memberOf(target, name);
  if (record !== undefined) return { binding: bindingOf(record, runtime, ownerOf(target)), self: target };
  if (typeof name === 'string' && name.startsWith('#')) {
    const binding = privateBinding(target, name);
    return binding && { binding, self: target };
  }
  const prototype: unknown = typeof target === 'function' ? target.prototype : undefined;
  if (typeof prototype !== 'object' || prototype === null) return undefined;
  const inherited = memberOf(prototype, name);
  return inherited && { binding: bindingOf(inherited, runtime, prototype), self: undefined };
};

/** @throws ConfigurationError when the member is not a decorated method. */
export const boundMethod = (target: object, name: string | symbol, caller: string): BoundMethod => {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null)
    throw new ConfigurationError(`${caller}: needs an instance or a class, got ${shown(target)}`);
  const found = find(target, name);
  if (found !== undefined) return found;
  const remedy = String(name).startsWith('#')
    ? 'a private method is known after its first call'
    : 'put a decorator above it, or check the spelling';
  throw new ConfigurationError(`${caller}: ${nameOf(target)} has no decorated method '${String(name)}'; ${remedy}`);
};

/** @throws ConfigurationError when the method does not have the policy. */
export const policyOf = ({ binding }: BoundMethod, policy: string, caller: string, decorator: string): Interceptor => {
  const interceptor = binding.stack.interceptors.find((each) => each.policy === policy);
  if (interceptor !== undefined) return interceptor;
  throw new ConfigurationError(`${caller}: ${binding.label} has no ${decorator}; add one, or enable the framework`, {
    method: binding.label,
    policy,
  });
};
