import { closest } from '../algorithms/edit-distance.js';
import { type OptionSite, configurationError } from '../errors/option-check.js';
import { onePerProcess } from '../runtime/one-per-process.js';
import type { NamedOptions } from '../runtime/given-sections.js';
import type { Settings } from '../runtime/runtime.js';

/** Named policies that every runtime has, one of the same name in its settings comes first. */
export const presets = onePerProcess<Map<string, NamedOptions>>('presets', () => new Map());

type Policies = Settings['policies'];

const find = (name: string, policies: Policies): NamedOptions | undefined =>
  Object.hasOwn(policies, name) ? policies[name] : presets.get(name);

/** The base of a policy; one that builds on its own name builds on the preset of that name. */
const baseOf = (policy: NamedOptions, name: string, policies: Policies): NamedOptions | undefined =>
  policy.base === name ? presets.get(name) : find(policy.base as string, policies);

/** Where a named policy is asked for: at a method, or by another one that builds on it. */
interface Place {
  readonly site: OptionSite;
  readonly option: 'policies' | 'policy';
}

const unknown = (name: string, policies: Policies, { site, option }: Place): never => {
  const known = [...Object.keys(policies), ...presets.keys()];
  const hint = closest(name, known);
  const advice =
    option === 'policy'
      ? `known: ${known.sort().join(', ')}`
      : `configure({ policies: { '${name}': { … } } }) before the first call`;
  const remedy = hint === undefined ? advice : `did you mean '${hint}'?`;
  throw configurationError(site, `there is no policy named '${name}'; ${remedy}`, option);
};

/**
 * A named policy and what it builds on, the base first: each refines those before it.
 * @throws ConfigurationError when there is none of that name, or bases go round in a circle.
 */
export const policyChain = (name: string, policies: Policies, place: Place): readonly NamedOptions[] => {
  const chain: NamedOptions[] = [];
  const names = [name];
  let policy = find(name, policies) ?? unknown(name, policies, place);
  while (!chain.includes(policy)) {
    chain.unshift(policy);
    const { base } = policy;
    if (base === undefined) return chain;
    policy = baseOf(policy, names.at(-1) as string, policies) ?? unknown(base, policies, place);
    names.push(base);
  }
  const { site, option } = place;
  throw configurationError(site, `named policies build on each other in a circle: ${names.join(' → ')}`, option);
};
