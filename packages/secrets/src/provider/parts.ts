import type { Duration } from '@holdfast/core';
import { checkKnown, wrongOption } from '../option-check.js';
import { POLICY_OPTIONS, type SecretsPolicies } from './policies.js';
import type { SecretSource } from './source.js';

export interface LeaseRules {
  /** How long before the end of a lease its secret is had anew. */
  readonly margin: Duration;
  /** Whether a lease is begun anew in the place of a new secret. */
  readonly renews: boolean;
}

/** What a provider is made of. */
export interface CachedSecretsParts {
  /** Short, as `vault`: what a provider is asked for by. */
  readonly kind: string;
  /** The kind and where it is, without credentials. */
  readonly name: string;
  /** How the class is called in events: `Vault` gives `VaultReader.read`. */
  readonly title: string;
  readonly source: SecretSource;
  /** Default: what each of them is by default. */
  readonly policies?: SecretsPolicies;
  /** Default: a margin of '1m', and no renewal. */
  readonly leases?: LeaseRules;
}

const PARTS = ['kind', 'name', 'title', 'source', 'policies', 'leases'];
const TEXTS = ['kind', 'name', 'title'] as const;
const METHODS = ['checkedPath', 'read', 'renew', 'check', 'close'] as const satisfies readonly (keyof SecretSource)[];

const wrong = wrongOption('CachedSecrets');

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Of the options of a provider those that all have. */
export const policiesIn = (options: SecretsPolicies): SecretsPolicies =>
  Object.fromEntries(Object.entries(options).filter(([name]) => (POLICY_OPTIONS as readonly string[]).includes(name)));

/** @throws ConfigurationError that names what is missing or unknown. */
export const checkParts = (parts: CachedSecretsParts): void => {
  if (!isObject(parts)) throw wrong('parts', 'must be an object with kind, name, title and source');
  checkKnown(parts, PARTS, wrong);
  for (const name of TEXTS)
    if (typeof parts[name] !== 'string' || parts[name] === '') throw wrong(name, 'must be a non-empty string');
  const { source, policies = {} } = parts;
  const missing = METHODS.find((name) => !isObject(source) || typeof source[name] !== 'function');
  if (missing !== undefined)
    throw wrong('source', `must have a method ${missing}; a SecretSource has ${METHODS.join(', ')}`);
  if (!isObject(policies)) throw wrong('policies', 'must be an object');
  checkKnown(policies, POLICY_OPTIONS, (option, problem) => wrong(`policies.${option}`, problem));
};
