import { type Duration, parseDuration } from '../algorithms/duration.js';
import {
  type Check,
  type OptionSite,
  type Schema,
  checkOptions,
  configurationError,
  duration,
  either,
  flag,
  isRecord,
  literal,
  whole,
} from '../errors/option-check.js';
import {
  type CircuitBreakerOptions,
  parseBreakerOptions,
  resolveBreakerSettings,
} from '../policies/circuit-breaker/options.js';
import type { BreakerSettings } from '../policies/circuit-breaker/machine.js';
import type { Settings } from '../runtime/runtime.js';
import { type CacheStore, storeProblem } from '../stores/cache-store.js';
import type { GuardTerms } from '../stores/store-guard.js';

/** The circuit of a store's guard: `@CircuitBreaker`'s options without those about methods and their errors. */
export type StoreCircuitOptions = Pick<
  CircuitBreakerOptions,
  | 'failureThreshold'
  | 'recoveryTimeout'
  | 'successThreshold'
  | 'halfOpenMaxCalls'
  | 'halfOpenMaxWait'
  | 'recoveryJitter'
>;

export interface StoreGuardOptions {
  /** A store that fails never fails the call: the method answers. False: the failure is thrown, as CacheStoreError. Default true. */
  readonly failOpen?: boolean;
  /** How long a read may take, its retries included; Infinity for no bound. Default '100ms'. */
  readonly readTimeout?: Duration;
  /** How long one attempt to write may take; Infinity for no bound. Default '250ms'. */
  readonly writeTimeout?: Duration;
  /** Further attempts after a failed one. Default 3. */
  readonly retries?: number;
  /** The pause before the first of them; each further pause is twice as long. Default '100ms'. */
  readonly retryDelay?: Duration;
  /** Five failures in a row and the store is left alone for a minute, then probed once; false: it is always asked. */
  readonly circuitBreaker?: StoreCircuitOptions | false;
}

/** Options as resolved. */
export interface GuardSettings {
  readonly terms: GuardTerms;
  readonly circuit: BreakerSettings;
  readonly isCircuitOn: boolean;
}

const CIRCUIT = [
  'failureThreshold',
  'recoveryTimeout',
  'successThreshold',
  'halfOpenMaxCalls',
  'halfOpenMaxWait',
  'recoveryJitter',
];

const anyCircuit: Check = (value) =>
  value === false || isRecord(value) ? undefined : "must be false, or options such as { recoveryTimeout: '60s' }";

const bound = (): Check => duration({ positive: true, infinite: true });

const schema = (): Schema => ({
  failOpen: flag,
  readTimeout: bound(),
  writeTimeout: bound(),
  retries: whole(0),
  retryDelay: duration(),
  circuitBreaker: anyCircuit,
});

/** @throws ConfigurationError */
export const parseGuardOptions = (given: unknown, site: OptionSite): StoreGuardOptions => {
  const options = checkOptions(site, schema(), given) as StoreGuardOptions;
  const { circuitBreaker } = options;
  if (!isRecord(circuitBreaker)) return options;
  const at = { ...site, decorator: `${site.decorator} circuitBreaker` };
  const stray = Object.keys(circuitBreaker).find((option) => !CIRCUIT.includes(option));
  if (stray !== undefined)
    throw configurationError(at, `${stray} is not an option; known options: ${CIRCUIT.join(', ')}`, stray);
  resolveBreakerSettings(circuitOf(parseBreakerOptions(circuitBreaker, at)), at);
  return options;
};

/** One success closes it, as one probe is made. */
const circuitOf = (given: StoreCircuitOptions): CircuitBreakerOptions => ({
  recoveryTimeout: '60s',
  successThreshold: 1,
  ...given,
});

const SITE: OptionSite = { decorator: 'storeGuard circuitBreaker' };

/** Defaults filled in, durations in milliseconds. */
export const resolveGuardOptions = (options: StoreGuardOptions): GuardSettings => {
  const { circuitBreaker = {} } = options;
  return {
    terms: {
      failOpen: options.failOpen ?? true,
      readTimeout: parseDuration(options.readTimeout ?? '100ms'),
      writeTimeout: parseDuration(options.writeTimeout ?? '250ms'),
      retries: options.retries ?? 3,
      retryDelay: parseDuration(options.retryDelay ?? '100ms'),
    },
    circuit: resolveBreakerSettings(circuitOf(circuitBreaker === false ? {} : circuitBreaker), SITE),
    isCircuitOn: circuitBreaker !== false,
  };
};

export const isStoreOrNone: Check = /* @__PURE__ */ either(literal(false), storeProblem);

/** What `configure` makes of its options about stores. @throws ConfigurationError */
export const storeSettings = (
  given: { readonly store?: CacheStore | false; readonly storeGuard?: StoreGuardOptions },
  present: Pick<Settings, 'store' | 'storeGuard'>,
  site: OptionSite,
): Pick<Settings, 'store' | 'storeGuard'> => {
  const { store = present.store, storeGuard } = given;
  const at = { ...site, decorator: `${site.decorator} storeGuard` };
  return {
    store: store === false ? undefined : store,
    storeGuard: storeGuard === undefined ? present.storeGuard : { ...parseGuardOptions(storeGuard, at) },
  };
};
