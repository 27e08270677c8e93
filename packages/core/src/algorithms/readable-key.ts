/**
 * A cache key as people read it. A raw key is shown as it is; an encoded one is read back by the code of
 * `stable-key.ts`, so that `f('shoe', 2, { color: 'red' })` shows as `"shoe", 2, {"color": "red"}`. For tools and eyes:
 * what is read here is not unique, and nothing is looked up by it.
 */
import type { CacheKey } from './stable-key.js';
import { RESERVED } from './stable-key-leaves.js';

const NUMBER = /-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity|NaN)/y;
const HEXADECIMAL = /-?[0-9a-f]+/y;
const COUNT = /\d+/y;

/** Reads the tokens of one key, from the left to the right. */
class KeyReader {
  private at = RESERVED.length;
  private readonly key: string;

  constructor(key: string) {
    this.key = key;
  }

  all(): string {
    const shown: string[] = [];
    while (this.at < this.key.length) shown.push(this.token());
    return shown.join(', ');
  }

  private token(): string {
    const tag = this.key.charAt(this.at);
    this.at += 1;
    return READERS[tag]?.(this) ?? tag;
  }

  match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.key)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  count(): number {
    const count = Number(this.match(COUNT));
    this.at += 1;
    return count;
  }

  text(): string {
    const length = this.count();
    const start = this.at;
    this.at += length;
    return this.key.slice(start, this.at);
  }

  /** A text with its tag, as the names of an object and the value of a RegExp have it. */
  taggedText(): string {
    this.at += 1;
    return this.text();
  }

  tokens(count: number): string[] {
    return Array.from({ length: count }, () => this.token());
  }

  object(): string {
    const names = Array.from({ length: this.count() }, () => this.taggedText());
    return `{${names.map((name) => `${JSON.stringify(name)}: ${this.token()}`).join(', ')}}`;
  }

  map(): string {
    const entries = Array.from({ length: this.count() }, () => this.tokens(2).join(' => '));
    return `Map {${entries.join(', ')}}`;
  }

  date(): string {
    // The date of the argument; nobody asks it for the time.
    // oxlint-disable-next-line no-restricted-globals
    const date = new Date(Number(this.token()));
    return Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString();
  }

  one(): string {
    return this.token();
  }
}

/** A scope is encoded around a key that may itself be encoded. */
const showText = (text: string): string => (text.startsWith(RESERVED) ? readableKey(text) : JSON.stringify(text));

const READERS: Readonly<Record<string, (reader: KeyReader) => string>> = {
  U: () => 'undefined',
  Z: () => 'null',
  T: () => 'true',
  F: () => 'false',
  H: () => '',
  '#': (reader) => reader.match(NUMBER),
  B: (reader) => `${bigintOf(reader.match(HEXADECIMAL))}n`,
  S: (reader) => showText(reader.text()),
  L: (reader) => `[${reader.tokens(reader.count()).join(', ')}]`,
  O: (reader) => reader.object(),
  M: (reader) => reader.map(),
  E: (reader) => `Set {${reader.tokens(reader.count()).join(', ')}}`,
  D: (reader) => reader.date(),
  R: (reader) => reader.taggedText(),
  W: (reader) => reader.taggedText(),
  Q: (reader) => `?${reader.taggedText()}`,
  X: (reader) => reader.one(),
  K: (reader) => reader.one(),
  Y: (reader) => `${reader.taggedText()}(${reader.taggedText().length} bytes)`,
};

const bigintOf = (hexadecimal: string): bigint =>
  hexadecimal.startsWith('-') ? -BigInt(`0x${hexadecimal.slice(1)}`) : BigInt(`0x${hexadecimal}`);

export const readableKey = (key: CacheKey): string => {
  if (typeof key === 'bigint') return `${key}n`;
  return typeof key === 'string' && key.startsWith(RESERVED) ? new KeyReader(key).all() : String(key);
};
