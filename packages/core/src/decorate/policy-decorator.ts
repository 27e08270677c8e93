import { type OptionSite, configurationError } from '../errors/option-check.js';
import type { PolicyDefinition } from '../pipeline/policy.js';
import { world } from '../runtime/world.js';
import { methodDecorator, sourceLine } from './method-decorator.js';

/** Makes a policy known, so that `@Resilient`, `configure` and `explain` find it. Returns it. @throws ConfigurationError when a user's policy takes a name that is taken. */
export const registerPolicy = <Definition extends PolicyDefinition>(
  definition: Definition,
  user?: OptionSite,
): Definition => {
  const isTaken =
    world.policies.has(definition.key) ||
    Object.hasOwn(RESERVED, definition.key) ||
    [...(world.policies as ReadonlyMap<string, PolicyDefinition>).values()].some(
      ({ name }) => name === definition.name,
    );
  if (isTaken && user !== undefined)
    throw configurationError(user, `the name '${definition.name}' is taken; choose another`, 'name');
  // A second copy of the package finds the built-in policies of the first.
  if (!isTaken) world.policies.set(definition.key, definition);
  return definition;
};

/** Options of `@Resilient` that are no policies, and a name of our own that is no option. */
const RESERVED = {
  policy: true,
  order: true,
  async: true,
  include: true,
  exclude: true,
  name: true,
  totalTimeout: true,
};

const isPrototype = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'constructor')) return false;
  const { constructor } = value;
  return typeof constructor === 'function' && (constructor as { prototype?: unknown }).prototype === value;
};

/** A legacy decorator without its parentheses gets a prototype in the place of its options. @throws ConfigurationError */
export const refuseBareUse = (site: OptionSite, options: unknown): void => {
  if (isPrototype(options)) throw configurationError(site, `write ${site.decorator}() with parentheses`);
};

/** The line above a method: options checked, frozen and recorded when the class is defined. */
export const policyDecorator = (
  definition: PolicyDefinition,
  options: unknown,
  factory: (...args: never[]) => unknown,
): unknown => {
  const source = sourceLine(factory);
  const site: OptionSite = { decorator: definition.decorator, policy: definition.name, source };
  refuseBareUse(site, options);
  // A function may be the method or the class of such a line, too; at once, or it would be lost.
  if (typeof options === 'function') definition.parse(options, site);
  return methodDecorator(site, (at) => {
    if (options === null && definition.isUsers !== true)
      throw configurationError(at, 'options must be an object, got null');
    return {
      source: 'direct',
      policies: Object.freeze({ [definition.key]: definition.parse(options, at) }),
      named: undefined,
      order: undefined,
      async: undefined,
      site: at,
    };
  });
};
