import { closest } from './algorithms/edit-distance.js';
import { ConfigurationError } from './errors/configuration-error.js';
import { shown } from './errors/option-check.js';
import { RANKS } from './pipeline/policy.js';
import type { GeneralOption, ResilientOptions } from './resilient.js';
import { BypassedPolicies } from './runtime/bypass.js';
import { world } from './runtime/world.js';

/** A policy's key, as in `@Resilient({ … })`. */
export type PolicyKey = Exclude<keyof ResilientOptions, GeneralOption>;

/** The policies that calls pass by: `true` for all of them, one, or several. */
export type Bypass = boolean | PolicyKey | readonly PolicyKey[];

const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/** Known without loading any policy: a bundle that names none has none. */
const knownKeys = (): readonly string[] => {
  const builtIn = Object.keys(RANKS).filter((name) => name !== 'total-timeout');
  return [
    ...new Set([...builtIn.map((name) => (name === 'cached' ? 'cache' : camelCase(name))), ...world.policies.keys()]),
  ];
};

const checkKey = (key: unknown): string => {
  const known = knownKeys();
  if (typeof key === 'string' && known.includes(key)) return key;
  const hint = typeof key === 'string' ? closest(key, known) : undefined;
  const remedy = hint === undefined ? `known policies: ${[...known].sort().join(', ')}` : `did you mean '${hint}'?`;
  throw new ConfigurationError(`withContext: bypass must be true or name policies, got ${shown(key)}; ${remedy}`, {
    option: 'bypass',
  });
};

/** What is to be passed by; undefined for nothing. @throws ConfigurationError on what is no policy. */
export const parseBypass = (given: unknown): BypassedPolicies | undefined => {
  if (given === undefined || given === false) return undefined;
  if (given === true) return new BypassedPolicies('all');
  const keys = (Array.isArray(given) ? (given as readonly unknown[]) : [given]).map(checkKey);
  return keys.length === 0 ? undefined : new BypassedPolicies(keys);
};
