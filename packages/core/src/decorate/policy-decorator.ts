import { type OptionSite, configurationError } from '../errors/option-check.js';
import { type BuiltInPolicy, type PolicyDefinition, RANKS } from '../pipeline/policy.js';
import { world } from '../runtime/world.js';
import { methodDecorator, sourceLine } from './method-decorator.js';

/**
 * Makes one of our own policies known, so that a stack finds it by its key. Called when the policy is first written, not
 * when its module loads: a bundler drops what nobody uses. A second copy of the package finds the policies of the first.
 */
export const registerPolicy = (definition: PolicyDefinition): void => {
  if (!world.policies.has(definition.key)) world.policies.set(definition.key, definition);
};

/**
 * One of our own policies, at its place in the canonical order. To be called as pure, so that bundlers drop the policies
 * that nobody writes; a bare literal that reads `RANKS` would stay.
 */
export const builtInPolicy = (
  parts: Omit<PolicyDefinition, 'rank'> & { readonly name: BuiltInPolicy },
): PolicyDefinition => ({
  ...parts,
  rank: RANKS[parts.name],
});

/** Makes a user's policy known. @throws ConfigurationError when its name is taken. */
export const registerUserPolicy = (definition: PolicyDefinition, site: OptionSite): void => {
  const { key, name } = definition;
  if (world.policies.has(key) || Object.hasOwn(RESERVED, key) || Object.hasOwn(RANKS, name))
    throw configurationError(site, `the name '${name}' is taken; choose another`, 'name');
  world.policies.set(key, definition);
};

/** Options of `@Resilient` that are no policies, and names of our own that are no ranks. */
const RESERVED = {
  cache: true,
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
  if (definition.isUsers !== true) registerPolicy(definition);
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
