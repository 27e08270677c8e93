import { parseDurationText } from './algorithms/duration.js';
import { closest } from './algorithms/edit-distance.js';
import { ConfigurationError } from './errors/configuration-error.js';
import { type LoggerLevel, isLogLevel } from './events/taps.js';
import type { PolicyOptions } from './runtime/given-sections.js';

/** What the environment says, in the form of `configure`. */
export interface EnvironmentSettings {
  readonly defaults: PolicyOptions;
  readonly enabled: boolean | undefined;
  readonly logLevel: LoggerLevel | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Reader = (name: string, text: string) => unknown;

const wrong = (name: string, text: string, expected: string): ConfigurationError =>
  new ConfigurationError(`${name}: must be ${expected}, got '${text}'`, { option: name });

interface DurationRules {
  readonly zeroMeans?: string;
  readonly positive?: boolean;
  readonly infinite?: boolean;
}

const durationOf =
  ({ zeroMeans, positive, infinite }: DurationRules = {}): Reader =>
  (name, text) => {
    const parsed = parseDurationText(text);
    if (Number.isNaN(parsed)) throw wrong(name, text, "a duration such as 500, '500ms', '5m'");
    if (parsed === 0 && zeroMeans !== undefined)
      throw new ConfigurationError(`${name}: 0 is ambiguous here; ${zeroMeans}`, { option: name });
    if (parsed === 0 && positive === true) throw wrong(name, text, 'longer than 0');
    if (parsed === Infinity && infinite !== true) throw wrong(name, text, 'finite');
    return parsed;
  };

const wholeFrom =
  (least: number): Reader =>
  (name, text) => {
    const parsed = Number(text);
    if (text.trim() === '' || !Number.isInteger(parsed) || parsed < least)
      throw wrong(name, text, `a whole number >= ${least}`);
    return parsed;
  };

const fractionOf: Reader = (name, text) => {
  const parsed = Number(text);
  if (parsed >= 0 && parsed <= 1) return parsed;
  throw wrong(name, text, 'a number from 0 to 1');
};

const TRUE: ReadonlySet<string> = new Set(['1', 'true', 'yes', 'on']);
const FALSE: ReadonlySet<string> = new Set(['0', 'false', 'no', 'off']);

const flagOf: Reader = (name, text) => {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  throw wrong(name, text, 'true or false');
};

const notFlag: Reader = (name, text) => flagOf(name, text) !== true;

const word =
  (...choices: readonly string[]): Reader =>
  (name, text) => {
    if (choices.includes(text)) return text;
    throw wrong(name, text, choices.map((choice) => `'${choice}'`).join(', '));
  };

const OFF = 'to switch the cache off set HOLDFAST_CACHE_DISABLED=true, for entries without end use Infinity';

type Variable = readonly [policy: string, option: string, read: Reader];

/** Variable by variable: which policy, which option, how it is read. Bare numbers are milliseconds. */
const variables = (): Readonly<Record<string, Variable>> => ({
  CACHE_TTL: ['cache', 'ttl', durationOf({ zeroMeans: OFF, infinite: true })],
  CACHE_MAX_SIZE: ['cache', 'maxSize', wholeFrom(1)],
  CACHE_STALE_WHILE_REVALIDATE: ['cache', 'staleWhileRevalidate', durationOf({ infinite: true })],
  CACHE_STALE_IF_ERROR: ['cache', 'staleIfError', durationOf({ infinite: true })],
  CACHE_DISABLED: ['cache', 'enabled', notFlag],
  RETRY_MAX_ATTEMPTS: ['retry', 'maxAttempts', wholeFrom(1)],
  RETRY_DELAY: ['retry', 'delay', durationOf()],
  RETRY_MAX_DELAY: ['retry', 'maxDelay', durationOf()],
  RETRY_BACKOFF: ['retry', 'backoff', word('exponential', 'linear', 'constant', 'decorrelated')],
  RETRY_JITTER: ['retry', 'jitter', word('full', 'equal', 'proportional', 'additive', 'decorrelated', 'none')],
  CIRCUIT_FAILURE_THRESHOLD: ['circuitBreaker', 'failureThreshold', wholeFrom(1)],
  CIRCUIT_RECOVERY_TIMEOUT: ['circuitBreaker', 'recoveryTimeout', durationOf({ positive: true, infinite: true })],
  CIRCUIT_SUCCESS_THRESHOLD: ['circuitBreaker', 'successThreshold', wholeFrom(1)],
  TIMEOUT_ATTEMPT: ['timeout', 'attempt', durationOf({ positive: true, infinite: true })],
  TIMEOUT_TOTAL: ['timeout', 'total', durationOf({ positive: true, infinite: true })],
  CHAOS_ENABLED: ['chaos', 'enabled', flagOf],
  CHAOS_RATE: ['chaos', 'rate', fractionOf],
});

const PREFIX = 'HOLDFAST_';
const GENERAL: readonly string[] = ['ENABLED', 'LOG_LEVEL'];
/** What the packages beside this one read. */
const OF_OTHERS = /^(?:SECRETS_|INSPECTOR_|DEBUG$)/;

const refuseUnknown = (name: string): never => {
  const known = [...Object.keys(variables()), ...GENERAL];
  const hint = closest(name.slice(PREFIX.length), known);
  throw new ConfigurationError(
    `${name}: is not a variable of Holdfast${hint === undefined ? '' : `; did you mean ${PREFIX}${hint}?`}`,
    { option: name },
  );
};

const logLevelOf = (text: string | undefined): LoggerLevel | undefined => {
  if (text === undefined) return undefined;
  const level = text.trim().toLowerCase();
  if (isLogLevel(level)) return level;
  throw wrong(`${PREFIX}LOG_LEVEL`, text, "'debug', 'info', 'warn', 'error' or 'silent'");
};

/** Composed files and CI set a variable that nobody has given to nothing. */
const isGiven = (name: string, text: string | undefined): text is string =>
  name.startsWith(PREFIX) && text !== undefined && text.trim() !== '';

/**
 * Reads the `HOLDFAST_*` variables; an empty one counts as not set.
 * @throws ConfigurationError naming the variable, when a value does not parse or the name is unknown.
 */
export const readHoldfastEnvironment = (environment: Environment): EnvironmentSettings => {
  const known = variables();
  const defaults: Record<string, Record<string, unknown>> = {};
  for (const [name, text] of Object.entries(environment)) {
    const key = name.slice(PREFIX.length);
    if (!isGiven(name, text) || GENERAL.includes(key) || OF_OTHERS.test(key)) continue;
    const [policy, option, read] = Object.hasOwn(known, key) ? (known[key] as Variable) : refuseUnknown(name);
    (defaults[policy] ??= {})[option] = read(name, text);
  }
  const general = (key: string): string | undefined => {
    const text = environment[PREFIX + key];
    return isGiven(PREFIX + key, text) ? text : undefined;
  };
  const enabled = general('ENABLED');
  return {
    defaults,
    enabled: enabled === undefined ? undefined : (flagOf(`${PREFIX}ENABLED`, enabled) as boolean),
    logLevel: logLevelOf(general('LOG_LEVEL')),
  };
};

/** Every variable with the option it sets, for the documentation. */
export const environmentVariables = (): readonly { readonly name: string; readonly sets: string }[] =>
  Object.entries(variables()).map(([name, [policy, option]]) => ({ name: PREFIX + name, sets: `${policy}.${option}` }));
