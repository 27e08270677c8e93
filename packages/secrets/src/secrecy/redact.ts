import { knownSecrets } from './known-secrets.js';
import { Secret } from './secret.js';
import { SENSITIVE_NAME, withoutPatterns } from './secret-patterns.js';

const MASK = '[redacted]';
/** Shorter ones are found in ordinary words, and redacting those would show where they are. */
const SHORTEST = 6;
const DEEPEST = 8;

/** Each needle finds a form in which a secret travels: as it is, in JSON, in a URL, in base64. */
const formsOf = (secret: string): string[] => {
  const base64 = Buffer.from(secret).toString('base64');
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64];
  return [...new Set([...forms, base64.replace(/=+$/, ''), Buffer.from(secret).toString('base64url')])];
};

const needlesOf = (secrets: Iterable<string | Secret>): string[] => {
  const given = [...secrets].map((secret) => (typeof secret === 'string' ? secret : secret.reveal()));
  const all = new Set([...given, ...knownSecrets()]);
  const long = [...all].filter((secret) => typeof secret === 'string' && secret.length >= SHORTEST);
  return long.flatMap(formsOf).sort((one, other) => other.length - one.length);
};

class Redaction {
  readonly #needles: readonly string[];
  readonly #seen = new Set<object>();

  constructor(secrets: Iterable<string | Secret>) {
    this.#needles = needlesOf(secrets);
  }

  text(text: string): string {
    return withoutPatterns(this.#needles.reduce((rest, needle) => rest.split(needle).join(MASK), text));
  }

  value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (value instanceof Secret) return MASK;
    if (typeof value !== 'object' || value === null) return value;
    // Text of its bytes would be found by nobody.
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (depth >= DEEPEST || this.#seen.has(value)) return '[…]';
    this.#seen.add(value);
    const copy = this.#copy(value, depth + 1);
    this.#seen.delete(value);
    return copy;
  }

  #copy(value: object, depth: number): unknown {
    if (Array.isArray(value)) return value.map((each) => this.value(each, depth));
    if (value instanceof Map) return new Map([...value].map(([key, each]) => this.#entry(key, each, depth)));
    if (value instanceof Error) return this.#error(value, depth);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => this.#entry(key, each, depth)));
  }

  #entry<Key>(key: Key, value: unknown, depth: number): [Key, unknown] {
    const isSensitive = typeof key === 'string' && SENSITIVE_NAME.test(key) && value !== undefined && value !== null;
    return [key, isSensitive ? MASK : this.value(value, depth)];
  }

  #error(error: Error, depth: number): unknown {
    const own = Object.fromEntries(Object.entries(error).map(([key, each]) => this.#entry(key, each, depth)));
    const cause = error.cause === undefined ? {} : { cause: this.value(error.cause, depth) };
    return { ...own, name: error.name, message: this.text(error.message), ...cause };
  }
}

/**
 * A copy that can be logged: what stands under a telling name (`password`, `token`, `apiKey` …) is `[redacted]`, and so
 * is every occurrence of a secret, also encoded for JSON, URLs and base64: of those given, of every `Secret` alive and of
 * what providers have read and still keep. Of other text what looks like a credential goes: bearers, passwords in URLs,
 * `password=…`. Secrets below 6 characters are not looked for. Errors become plain objects without their stacks; what is
 * deeper than 8 levels is left out.
 */
export const redact = <Value>(
  value: Value,
  secrets: Iterable<string | Secret> = [],
): Value extends string ? string : unknown =>
  new Redaction(secrets).value(value, 0) as Value extends string ? string : unknown;

const LONG_ENOUGH = 16;

/** For a human who has to tell two secrets apart: the last two characters of a long one, of a short one nothing. */
export const maskSecret = (secret: string | Secret): string => {
  const text = typeof secret === 'string' ? secret : secret.reveal();
  return text.length < LONG_ENOUGH ? '********' : `********${text.slice(-2)}`;
};
