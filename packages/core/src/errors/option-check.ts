import { parseDuration } from '../algorithms/duration.js';
import { closest } from '../algorithms/edit-distance.js';
import { ConfigurationError } from './configuration-error.js';

/**
 * What options may say, as data: one check per option, each returning what is wrong in words, or nothing. Every policy is
 * validated through here, so every message has the same form: who, which option, what it must be, what it was, the remedy.
 */

/** Where options were written. */
export interface OptionSite {
  /** `@Retry`, `@Resilient`, `configure`. */
  readonly decorator: string;
  /** `Orders.place`; the method alone where the dialect does not tell the class. */
  readonly method?: string | undefined;
  /** The policy's name in errors. */
  readonly policy?: string | undefined;
  /** `orders.ts:12:3`, where the platform tells. */
  readonly source?: string | undefined;
}

export type Check = (value: unknown) => string | undefined;
export type Schema = Readonly<Record<string, Check>>;

const LONGEST_SHOWN = 40;

/** A check that looks inside of a value has told what it found there. */
const withValue = (problem: string, value: unknown): string =>
  problem.includes(', got ') || problem.startsWith('.') ? problem : `${problem}, got ${shown(value)}`;

/** A value of the user's configuration, short. */
export const shown = (value: unknown): string => {
  if (typeof value === 'string')
    return value.length > LONGEST_SHOWN ? `'${value.slice(0, LONGEST_SHOWN)}…'` : `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
};

export const siteName = ({ decorator, method }: OptionSite): string =>
  method === undefined ? decorator : `${decorator} on ${method}`;

export const configurationError = (site: OptionSite, problem: string, option?: string): ConfigurationError => {
  const source = site.source === undefined ? '' : ` (${site.source})`;
  return new ConfigurationError(`${siteName(site)}: ${problem}${source}`, {
    method: site.method,
    policy: site.policy,
    option,
  });
};

export const duration =
  (rules: { readonly atLeast?: number; readonly positive?: boolean; readonly infinite?: boolean } = {}): Check =>
  (value) => {
    const parsed = parseDuration(value);
    const form = "must be a duration: milliseconds as a number, or a string such as '250ms', '2s', '5m', '1h', '1d'";
    if (Number.isNaN(parsed)) return typeof value === 'number' && value < 0 ? 'must be >= 0 ms' : form;
    if (parsed === Infinity && rules.infinite !== true) return 'must be finite';
    if (rules.positive === true && parsed <= 0) return 'must be longer than 0';
    return rules.atLeast !== undefined && parsed < rules.atLeast ? `must be >= ${rules.atLeast} ms` : undefined;
  };

export const whole =
  (atLeast: number, rules: { readonly infinite?: boolean } = {}): Check =>
  (value) => {
    if (rules.infinite === true && value === Infinity) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be a whole number';
    return value < atLeast ? `must be >= ${atLeast}` : undefined;
  };

export const finite =
  (atLeast: number): Check =>
  (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a finite number';
    return value < atLeast ? `must be >= ${atLeast}` : undefined;
  };

/** Between 0 and 1; 0 itself only where it means something. */
export const fraction =
  (rules: { readonly positive?: boolean } = {}): Check =>
  (value) => {
    if (typeof value !== 'number' || !(value >= 0 && value <= 1)) return 'must be a number from 0 to 1';
    return rules.positive === true && value === 0 ? 'must be greater than 0' : undefined;
  };

export const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

export const callback: Check = (value) => (typeof value === 'function' ? undefined : 'must be a function');

export const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a non-empty string';

export const anything: Check = () => undefined;

export const oneOf =
  (...choices: readonly string[]): Check =>
  (value) => {
    if (typeof value === 'string' && choices.includes(value)) return undefined;
    const hint = typeof value === 'string' ? closest(value, choices) : undefined;
    const list = choices.map((choice) => `'${choice}'`).join(', ');
    return `must be one of ${list}${hint === undefined ? '' : ` (did you mean '${hint}'?)`}`;
  };

const MUST_BE = 'must be ';

/** 'must be a, or must be b' as 'must be a, or b'. */
const oneSentence = ([first = '', ...others]: readonly string[]): string =>
  [first, ...others.map((each) => (each.startsWith(MUST_BE) ? each.slice(MUST_BE.length) : each))].join(', or ');

/** Any of several checks; when none passes, all that would have done are told. */
export const either =
  (...checks: readonly Check[]): Check =>
  (value) => {
    const problems: string[] = [];
    for (const check of checks) {
      const problem = check(value);
      if (problem === undefined) return undefined;
      problems.push(problem);
    }
    // What is wrong inside of an object says more than what else could stand in its place.
    const inside = isRecord(value) ? problems.find((problem) => problem.startsWith('.')) : undefined;
    return inside ?? oneSentence(problems);
  };

export const literal =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value) ? undefined : `must be ${values.map(shown).join(' or ')}`;

export const arrayOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return 'must be an array';
    for (const [index, element] of value.entries()) {
      const problem = check(element);
      if (problem !== undefined) return `[${index}] ${withValue(problem, element)}`;
    }
    return undefined;
  };

const plain = new WeakSet<Check>();

/** Marks the check of an object that is nothing but options: it is copied and frozen with them. */
export const ofPlainObject = (check: Check): Check => {
  plain.add(check);
  return check;
};

/** An object of the shape of a schema, checked like the options themselves. */
export const shape = (schema: Schema): Check =>
  ofPlainObject((value) => {
    if (!isRecord(value)) return 'must be an object';
    const problem = firstProblem(schema, value);
    return problem && `.${problem.option} ${problem.text}`;
  });

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Problem {
  readonly option: string;
  readonly text: string;
}

const unknownOption = (option: string, schema: Schema): Problem => {
  const hint = closest(option, Object.keys(schema));
  const remedy =
    hint === undefined ? `known options: ${Object.keys(schema).sort().join(', ')}` : `did you mean '${hint}'?`;
  return { option, text: `is not an option; ${remedy}` };
};

const firstProblem = (schema: Schema, given: Readonly<Record<string, unknown>>): Problem | undefined => {
  for (const [option, value] of Object.entries(given)) {
    if (!Object.hasOwn(schema, option)) return unknownOption(option, schema);
    if (value === undefined) continue;
    const problem = schema[option]?.(value);
    if (problem !== undefined) return { option, text: withValue(problem, value) };
  }
  return undefined;
};

/** A decorator written without parentheses gets the class or the method in the place of its options. */
const hint = ({ decorator }: OptionSite, given: unknown): string =>
  typeof given === 'function' && decorator.startsWith('@') ? `; write ${decorator}() with parentheses` : '';

/** Lists and objects of options are copied: what their owner changes later has not been checked. */
const kept = (value: unknown, check: Check | undefined): unknown => {
  if (Array.isArray(value)) return Object.freeze([...(value as unknown[])]);
  return isRecord(value) && check !== undefined && plain.has(check) ? Object.freeze({ ...value }) : value;
};

/**
 * The given options, frozen, without those that are undefined.
 * @throws ConfigurationError naming the site, the option, the value and the remedy.
 */
export const checkOptions = (site: OptionSite, schema: Schema, given: unknown): Readonly<Record<string, unknown>> => {
  if (!isRecord(given))
    throw configurationError(site, `options must be an object, got ${shown(given)}${hint(site, given)}`);
  const problem = firstProblem(schema, given);
  if (problem !== undefined) {
    // Where it lies inside of the option, '.size' or '[1]', and what is wrong there.
    const [, inside, rest] = /^([.[]\S*)? ?(.*)$/s.exec(problem.text) ?? [];
    const at = `${problem.option}${inside ?? ''}`;
    throw configurationError(site, `${at} ${rest}`, at);
  }
  const options = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.freeze(Object.fromEntries(options.map(([name, value]) => [name, kept(value, schema[name])])));
};
