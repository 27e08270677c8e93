import { type OptionSite, configurationError } from '../errors/option-check.js';
import { runtimeOf } from '../runtime/world.js';
import type { Runtime } from '../runtime/runtime.js';
import { allBindings, bindingOf } from './bind.js';
import { ownerOf, recordOf } from './method-record.js';

/**
 * What a policy of another method of the same object offers, so that policies reach each other without knowing each
 * other's code.
 * @throws ConfigurationError when there is no such method or policy.
 */
export const siblingHandle = (
  self: unknown,
  name: string | symbol,
  policy: string,
  site: OptionSite,
  option = 'target',
): unknown => {
  const member: unknown = (self as Record<PropertyKey, unknown> | null | undefined)?.[name];
  const record = recordOf(member);
  if (record === undefined)
    throw configurationError(
      site,
      `${option} '${String(name)}' is no decorated method of this object; check the spelling`,
      option,
    );
  const interceptor = bindingOf(record, runtimeOf(self), ownerOf(self)).stack.interceptors.find(
    (each) => each.policy === policy,
  );
  if (interceptor?.handle === undefined)
    throw configurationError(site, `${option} '${String(name)}' is not ${policy}`, option);
  return interceptor.handle;
};

/** What a policy offers at every method of a runtime that has it and has been called. */
export const handlesEverywhere = (runtime: Runtime, policy: string): unknown[] =>
  allBindings(runtime).flatMap(({ interceptors }) =>
    interceptors.flatMap((each) => (each.policy === policy ? [each.handle] : [])),
  );
