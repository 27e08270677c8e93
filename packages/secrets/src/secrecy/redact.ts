import { knownSecrets } from './known-secrets.js';
import { Secret, revealed } from './secret.js';
import { SENSITIVE_NAME, withoutPatterns } from './secret-patterns.js';

const MASK = '[redacted]';
/** Shorter ones are found in ordinary words, and redacting those would show where they are. */
const SHORTEST = 6;
const DEEPEST = 8;

/** Objects in one copy: a graph in which all know each other would be copied for hours. */
const MOST = 10_000;
const UNREADABLE = '[unreadable]';

/** Half a surrogate pair, which no encoder of URLs takes, is what UTF-8 makes of it. */
const inUrls = (secret: string): string[] => {
  const text = Buffer.from(secret).toString();
  return [encodeURIComponent(text), encodeURI(text), new URLSearchParams([['', text]]).toString().slice(1)];
};

/** Each needle finds a form in which a secret travels: as it is, in JSON, in a URL, in base64. */
const formsOf = (secret: string): string[] => {
  const base64 = Buffer.from(secret).toString('base64');
  const forms = [secret, JSON.stringify(secret).slice(1, -1), ...inUrls(secret), base64];
  return [...new Set([...forms, base64.replace(/=+$/, ''), Buffer.from(secret).toString('base64url')])];
};

/** A `Secret` of another copy of this package is not among those known here. Undefined for what is neither. */
const textOf = (secret: unknown): unknown =>
  typeof secret === 'string' ? secret : (secret as Partial<Secret> | null | undefined)?.reveal?.();

/** Longest first: what is part of another must not tear it apart. */
const needlesOf = (secrets: Iterable<string | Secret>): string[] => {
  const given = [...secrets].map(textOf).filter((text) => typeof text === 'string');
  const long = [...new Set([...given, ...knownSecrets()])].filter(({ length }) => length >= SHORTEST);
  return long.flatMap(formsOf).sort((one, other) => other.length - one.length);
};

class Redaction {
  readonly #needles: readonly string[];
  readonly #seen = new Set<object>();
  #left = MOST;

  constructor(secrets: Iterable<string | Secret>) {
    this.#needles = needlesOf(secrets);
  }

  text(text: string): string {
    return withoutPatterns(this.#needles.reduce((rest, needle) => rest.split(needle).join(MASK), text));
  }

  value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'symbol') return this.text(String(value));
    // It may have properties of its own, and be asked for more: a `toJSON`.
    if (typeof value === 'function') return '[function]';
    if (typeof value !== 'object' || value === null) return value;
    try {
      return this.#object(value, depth);
    } catch {
      // A getter, or a proxy, of somebody's that throws.
      return UNREADABLE;
    }
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof Secret) return MASK;
    if (Object.prototype.toString.call(value) === '[object String]')
      return this.text(String.prototype.toString.call(value));
    // Text of its bytes would be found by nobody.
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (depth >= DEEPEST || this.#left === 0 || this.#seen.has(value)) return '[…]';
    this.#left -= 1;
    this.#seen.add(value);
    try {
      return this.#copy(value, depth + 1);
    } finally {
      this.#seen.delete(value);
    }
  }

  #copy(value: object, depth: number): unknown {
    if (Array.isArray(value)) return value.map((each) => this.value(each, depth));
    if (value instanceof Map) return new Map([...value].map(([key, each]) => this.#entry(key, each, depth)));
    if (value instanceof Set) return new Set([...value].map((each) => this.value(each, depth)));
    if (value instanceof Error) return this.#error(value, depth);
    return this.#members(value, depth);
  }

  #members(value: object, depth: number): Record<string, unknown> {
    const read = (key: string): unknown => {
      try {
        return (value as Record<string, unknown>)[key];
      } catch {
        return UNREADABLE;
      }
    };
    return Object.fromEntries(Object.keys(value).map((key) => this.#entry(key, read(key), depth)));
  }

  #entry<Key>(key: Key, value: unknown, depth: number): [Key, unknown] {
    const isSensitive = typeof key === 'string' && SENSITIVE_NAME.test(key) && value !== undefined && value !== null;
    return [this.value(key, depth) as Key, isSensitive ? MASK : this.value(value, depth)];
  }

  #error(error: Error, depth: number): unknown {
    const { name, message, cause }: Readonly<Record<'name' | 'message' | 'cause', unknown>> = {
      name: error.name,
      message: error.message,
      cause: error.cause,
    };
    const errors: unknown = error instanceof AggregateError ? error.errors : undefined;
    return {
      ...this.#members(error, depth),
      name: this.text(String(name)),
      message: this.text(String(message)),
      ...(errors === undefined ? {} : { errors: this.value(errors, depth) }),
      ...(cause === undefined ? {} : { cause: this.value(cause, depth) }),
    };
  }
}

/**
 * A copy that can be logged: what stands under a telling name (`password`, `token`, `apiKey` …) is `[redacted]`, and so
 * is every occurrence of a secret, also encoded for JSON, URLs and base64: of those given, of every `Secret` alive and of
 * what providers have read and still keep. Of other text what looks like a credential goes: bearers, passwords in URLs,
 * `password=…`. Secrets below 6 characters are not looked for. Errors become plain objects without their stacks,
 * functions their kind; what is deeper than 8 levels, or comes after 10,000 objects, is left out. Never throws for what
 * it is given.
 */
export const redact = <Value>(
  value: Value,
  secrets: Iterable<string | Secret> = [],
): Value extends string ? string : unknown =>
  new Redaction(secrets).value(value, 0) as Value extends string ? string : unknown;

const LONG_ENOUGH = 16;

/** For a human who has to tell two secrets apart: the last two characters of a long one, of a short one nothing. */
export const maskSecret = (secret: string | Secret): string => {
  const text = revealed(secret);
  return text.length < LONG_ENOUGH ? '********' : `********${text.slice(-2)}`;
};
