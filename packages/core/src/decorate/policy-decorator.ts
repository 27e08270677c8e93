import { type OptionSite, configurationError } from '../errors/option-check.js';
import type { PolicyDefinition } from '../pipeline/policy.js';
import { world } from '../runtime/world.js';
import { methodDecorator, sourceLine } from './method-decorator.js';

/** Makes a policy known, so that `@Resilient`, `configure` and `explain` find it. Returns it. @throws ConfigurationError when a user's policy takes a name that is taken. */
export const registerPolicy = <Definition extends PolicyDefinition>(
  definition: Definition,
  user?: OptionSite,
): Definition => {
  const isTaken = world.policies.has(definition.key) || Object.hasOwn(RESERVED, definition.key);
  if (isTaken && user !== undefined)
    throw configurationError(user, `the name '${definition.name}' is taken; choose another`, 'name');
  // A second copy of the package finds the built-in policies of the first.
  if (!isTaken) world.policies.set(definition.key, definition);
  return definition;
};

/** Options of `@Resilient` that are no policies. */
const RESERVED = { policy: true, order: true, async: true, include: true, exclude: true, name: true };

/** The line above a method: options checked, frozen and recorded when the class is defined. */
export const policyDecorator = (
  definition: PolicyDefinition,
  options: unknown,
  factory: (...args: never[]) => unknown,
): unknown => {
  const source = sourceLine(factory);
  const site: OptionSite = { decorator: definition.decorator, policy: definition.name, source };
  return methodDecorator(site, (at) => ({
    source: 'direct',
    policies: Object.freeze({ [definition.key]: definition.parse(options, at) }),
    named: undefined,
    order: undefined,
    async: undefined,
    site: at,
  }));
};
