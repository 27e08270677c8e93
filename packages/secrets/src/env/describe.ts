import { ConfigurationError } from '@holdfast/core';
import type { SecretsPolicies } from '../provider/policies.js';
import { hostCheck } from '../auth/allowed-hosts.js';
import type { AuthScheme } from '../auth/credentials.js';
import { isHeaderName } from '../auth/header-name.js';
import { given } from '../given.js';
import { COMMON, type EnvProviderKind, KINDS, OF_PROVIDER } from './names.js';
import {
  type Environment,
  type Names,
  choiceOf,
  durationOf,
  flagOf,
  listOf,
  readFlag,
  textOf,
  valueOf,
  wholeOf,
  wrongValue,
} from './variables.js';

/** What the environment says about one provider. No secret, no credential and no path in it. */
export interface DescribedProvider {
  readonly kind: EnvProviderKind;
  /** Switched on, or off by nobody and all there. */
  readonly isEnabled: boolean;
  /** Whether all that it needs is set. */
  readonly isConfigured: boolean;
  /** Variables that it lacks, for people. */
  readonly missing: readonly string[];
  /** Where it is; undefined where that is not set. */
  readonly place: string | undefined;
  /** Milliseconds. */
  readonly ttl: number;
  readonly scheme: AuthScheme;
}

/** What the environment says, for people. */
export interface DescribedEnvironment {
  readonly isEnabled: boolean;
  /** In the order in which they are asked: the first enabled one is used. */
  readonly providers: readonly DescribedProvider[];
  /** Undefined: all. */
  readonly allowedHosts: readonly string[] | undefined;
  readonly headerName: string;
  /** Attempts of one read, the first included. */
  readonly maxAttempts: number;
  readonly isCacheEnabled: boolean;
  readonly logLevel: LogLevel | undefined;
  /** What is set and has no effect, or a bad one. */
  readonly warnings: readonly string[];
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent', 'warning', 'critical'] as const;
const SCHEMES = ['auto', 'bearer', 'basic', 'raw'] as const;

/** How 001's names are called by whoever lists them. */
const ALIASES: Readonly<Record<string, EnvProviderKind>> = {
  vault: 'vault',
  aws: 'aws',
  'aws-secrets-manager': 'aws',
  azure: 'azure',
  'azure-key-vault': 'azure',
};

/** As AWS names them: `eu-west-1`, `us-gov-east-1`. */
const REGION = /^[a-z]{2}(?:-[a-z]{1,12}){1,3}-\d{1,2}$/;
const UNREADABLE = '(not readable)';

const DEFAULT_TTL = 300_000;
const DEFAULT_ATTEMPTS = 3;
/** Failures in a row that open a circuit. */
const CIRCUIT_THRESHOLD = 5;

const KNOWN_NAMES = Object.keys(ALIASES).join(', ');

/** A name that nobody knows may be a slip: to go on without it would be another provider, or none. */
const kindsIn = (
  environment: Environment,
  names: Names,
  expected: string,
): ReadonlySet<EnvProviderKind> | undefined => {
  const list = listOf(environment, names);
  const kinds = list?.map((name) => {
    const kind = Object.hasOwn(ALIASES, name.toLowerCase()) ? ALIASES[name.toLowerCase()] : undefined;
    if (kind === undefined) throw wrongValue(environment, names, expected);
    return kind;
  });
  return kinds && new Set(kinds);
};

/** A list of providers, or yes or no to all of them. */
const enabling = (environment: Environment): ReadonlySet<EnvProviderKind> | boolean | undefined => {
  const ours = kindsIn(environment, COMMON.providers, `a list of ${KNOWN_NAMES}`);
  if (ours !== undefined) return ours;
  const text = valueOf(environment, COMMON.enabled);
  if (text === undefined) return undefined;
  return readFlag(text) ?? kindsIn(environment, COMMON.enabled, `true, false, or a list of ${KNOWN_NAMES}`);
};

/** @throws ConfigurationError naming the variable. */
const headerNameOf = (environment: Environment): string => {
  const name = valueOf(environment, COMMON.headerName) ?? 'Authorization';
  if (!isHeaderName(name))
    throw wrongValue(environment, COMMON.headerName, "the name of a header, such as 'X-API-Key'");
  return name;
};

/** @throws ConfigurationError naming the variable. */
const allowedHostsOf = (environment: Environment): readonly string[] | undefined => {
  const hosts = listOf(environment, COMMON.allowedHosts);
  try {
    hostCheck(hosts);
  } catch (error) {
    const option = textOf(environment, COMMON.allowedHosts)?.name as string;
    throw new ConfigurationError(`${option}: ${(error as Error).message}`, { option });
  }
  return hosts;
};

/** What Vault needs besides its address: a role or a token. */
const vaultLacks = (environment: Environment): string[] => {
  const isSet = (name: string): boolean => valueOf(environment, [name]) !== undefined;
  if (isSet('VAULT_TOKEN') || (isSet('VAULT_ROLE_ID') && isSet('VAULT_SECRET_ID'))) return [];
  return ['VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN'];
};

const missingOf = (environment: Environment, kind: EnvProviderKind): readonly string[] => {
  const lacks = (names: Names): string[] => (valueOf(environment, names) === undefined ? [names.join(' or ')] : []);
  const { place, path } = OF_PROVIDER[kind];
  // The region may be in the shared configuration, which the vendor's own SDK reads.
  const missing = [...(kind === 'aws' ? [] : lacks(place)), ...lacks(path)];
  return kind === 'vault' ? [...missing, ...vaultLacks(environment)] : missing;
};

/** A URL without what may be secret in it, a region; of anything else nothing: it may be a token in the wrong variable. */
const shown = (place: string | undefined): string | undefined => {
  if (place === undefined || REGION.test(place)) return place;
  if (!URL.canParse(place)) return UNREADABLE;
  const { protocol, host, pathname } = new URL(place);
  if (protocol !== 'http:' && protocol !== 'https:') return UNREADABLE;
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
};

const describedProvider = (
  environment: Environment,
  kind: EnvProviderKind,
  all: ReturnType<typeof enabling>,
): DescribedProvider => {
  const { enabled, place, path, ttl, scheme } = OF_PROVIDER[kind];
  const byList = typeof all === 'object' ? all.has(kind) : all;
  const isMeant = valueOf(environment, path) !== undefined;
  const missing = missingOf(environment, kind);
  return {
    kind,
    isEnabled: flagOf(environment, enabled) ?? byList ?? isMeant,
    isConfigured: missing.length === 0,
    missing,
    place: shown(valueOf(environment, place)),
    ttl: durationOf(environment, ttl) ?? DEFAULT_TTL,
    scheme: choiceOf(environment, scheme, SCHEMES) ?? 'auto',
  };
};

const levelOf = (environment: Environment): LogLevel | undefined => {
  const level = choiceOf(environment, COMMON.logLevel, LEVELS);
  // Names of Python's.
  if (level === 'warning') return 'warn';
  return level === 'critical' ? 'error' : level;
};

const warningsOf = (environment: Environment, providers: readonly DescribedProvider[]): string[] => {
  const skipped = providers.filter(({ isEnabled, isConfigured }) => isEnabled && !isConfigured);
  const isUnchecked = ['1', 'true'].includes(valueOf(environment, ['VAULT_SKIP_VERIFY'])?.toLowerCase() ?? '');
  return [
    ...skipped.map(({ kind, missing }) => `${kind} is switched on and lacks ${missing.join('; ')}`),
    ...(isUnchecked
      ? ['VAULT_SKIP_VERIFY has no effect: certificates are checked; name your authority in NODE_EXTRA_CA_CERTS']
      : []),
    ...(valueOf(environment, COMMON.allowedHosts) === undefined
      ? ['any host may be sent the secret; name those that may in HOLDFAST_SECRETS_ALLOWED_HOSTS']
      : []),
  ];
};

/**
 * What the environment says about secrets, without one of them: for a page of status, or to find out why there are none.
 * @throws ConfigurationError naming the variable, when one does not parse.
 */
export const describeEnvironment = (environment: Environment = process.env): DescribedEnvironment => {
  const all = enabling(environment);
  const providers = KINDS.map((kind) => describedProvider(environment, kind, all));
  const retries = wholeOf(environment, COMMON.maxRetries);
  return {
    isEnabled: providers.some(({ isEnabled }) => isEnabled),
    providers,
    allowedHosts: allowedHostsOf(environment),
    headerName: headerNameOf(environment),
    maxAttempts: retries === undefined ? DEFAULT_ATTEMPTS : retries + 1,
    isCacheEnabled: flagOf(environment, COMMON.cacheDisabled) !== true,
    logLevel: levelOf(environment),
    warnings: warningsOf(environment, providers),
  };
};

/** What the environment says about how secrets are read. */
export const policiesFrom = (environment: Environment, { ttl }: DescribedProvider): SecretsPolicies => {
  const { maxAttempts, isCacheEnabled } = describeEnvironment(environment);
  const duration = (name: keyof typeof COMMON): number | undefined => durationOf(environment, COMMON[name]);
  const [min, max] = [duration('minTtl'), duration('maxTtl')];
  if (min !== undefined && max !== undefined && min > max)
    throw wrongValue(environment, COMMON.minTtl, `at most ${COMMON.maxTtl[0]}`);
  const ttlBounds = given<{ min: number; max: number }>({ min, max });
  const delays = given<{ delay: number; maxDelay: number }>({
    delay: duration('baseDelay'),
    maxDelay: duration('maxDelay'),
  });
  return {
    ttl,
    cache: isCacheEnabled,
    retry: { maxAttempts, ...delays },
    // Else the circuit would open before the last attempt of the very first call.
    circuitBreaker: { failureThreshold: Math.max(CIRCUIT_THRESHOLD, maxAttempts) },
    ttlBounds,
    ...given<{ staleIfError: number }>({ staleIfError: duration('staleIfError') }),
  };
};
