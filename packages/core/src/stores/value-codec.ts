/**
 * Values as text that reads back equal: JSON, and what JSON loses in tags.
 *
 *     {"$":"u"}                undefined                {"$":"n","v":"NaN"}    NaN, ±Infinity, −0
 *     {"$":"b","v":"12"}       bigint                   {"$":"d","v":0}        Date; null where it is invalid
 *     {"$":"m","v":[[k,v]…]}   Map                      {"$":"s","v":[…]}      Set
 *     {"$":"y","v":"base64"}   Uint8Array, Buffer       {"$":"o","v":[[k,v]…]} a plain object with a property '$'
 *
 * What has no such form is refused: a class's instances would come back without their class. Everything written before
 * keeps its meaning; a reader that meets an unknown tag refuses, too.
 */

const TAG = '$';
const DEEPEST = 200;

interface Tagged {
  readonly [TAG]: string;
  readonly v?: unknown;
}

const tagged = (tag: string, v?: unknown): Tagged => (v === undefined ? { [TAG]: tag } : { [TAG]: tag, v });

const refuse = (what: string): never => {
  throw new TypeError(`${what} cannot be stored: it would not come back equal`);
};

const nameOf = (value: object): string => {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'an object of a class';
};

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Dates as values: nobody asks for the time here. */
// oxlint-disable-next-line no-restricted-globals
const dateType = (): typeof Date => Date;

/** In chunks: a function takes no more than some ten thousand arguments. */
const CHUNK = 8192;

const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
};

interface BufferLike {
  isBuffer(value: unknown): boolean;
  from(bytes: ArrayBufferLike): Uint8Array;
}

/** Node's, where there is one. */
const bufferType = (): BufferLike | undefined => (globalThis as { Buffer?: BufferLike }).Buffer;

const fromBase64 = (text: string, isBuffer: boolean): Uint8Array => {
  const binary = atob(text);
  const bytes = Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
  return isBuffer ? (bufferType()?.from(bytes.buffer) ?? bytes) : bytes;
};

class Encoder {
  private readonly inside: object[] = [];

  encode(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'undefined':
        return tagged('u');
      case 'bigint':
        return tagged('b', String(value));
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : tagged('n', Object.is(value, -0) ? '-0' : String(value));
      case 'object':
        return value === null ? null : this.nested(value);
      default:
        return refuse(`a ${typeof value}`);
    }
  }

  private nested(value: object): unknown {
    if (this.inside.includes(value)) refuse('a cycle');
    if (this.inside.length >= DEEPEST) refuse(`what is nested more than ${DEEPEST} deep`);
    this.inside.push(value);
    const encoded = this.object(value);
    this.inside.pop();
    return encoded;
  }

  private object(value: object): unknown {
    if (Array.isArray(value)) return Array.from(value, (each) => this.encode(each));
    if (isPlain(value)) return this.plain(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === dateType().prototype) return tagged('d', Number.isNaN(+value) ? null : +value);
    if (prototype === Map.prototype)
      return tagged(
        'm',
        Array.from(value as Map<unknown, unknown>, (pair) => pair.map((each) => this.encode(each))),
      );
    if (prototype === Set.prototype)
      return tagged(
        's',
        Array.from(value as Set<unknown>, (each) => this.encode(each)),
      );
    if (bufferType()?.isBuffer(value) === true) return tagged('f', toBase64(value as Uint8Array));
    if (prototype === Uint8Array.prototype) return tagged('y', toBase64(value as Uint8Array));
    return refuse(`a ${nameOf(value)}`);
  }

  private plain(value: object): unknown {
    if (Object.getOwnPropertySymbols(value).length > 0) refuse('an object with symbols for keys');
    const entries = Object.entries(value).map(([key, each]) => [key, this.encode(each)] as const);
    if (Object.getPrototypeOf(value) === null) return tagged('p', entries);
    return Object.hasOwn(value, TAG) ? tagged('o', entries) : Object.fromEntries(entries);
  }
}

type Pairs = readonly (readonly [string, unknown])[];

const decodedPairs = (pairs: unknown): (readonly [string, unknown])[] =>
  (pairs as Pairs).map(([key, each]) => [key, decodeTree(each)] as const);

const withoutPrototype = (pairs: Pairs): object => {
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, each] of pairs) object[key] = each;
  return object;
};

const decodeTagged = ({ [TAG]: tag, v }: Tagged): unknown => {
  switch (tag) {
    case 'u':
      return undefined;
    case 'n':
      return Number(v);
    case 'b':
      return BigInt(v as string);
    case 'd':
      return new (dateType())((v as number | null) ?? Number.NaN);
    case 'm':
      return new Map((v as [unknown, unknown][]).map(([key, each]) => [decodeTree(key), decodeTree(each)]));
    case 's':
      return new Set((v as unknown[]).map((each) => decodeTree(each)));
    case 'y':
      return fromBase64(v as string, false);
    case 'f':
      return fromBase64(v as string, true);
    case 'o':
      return Object.fromEntries(decodedPairs(v));
    case 'p':
      return withoutPrototype(decodedPairs(v));
    default:
      throw new SyntaxError(`an unknown tag '${tag}'`);
  }
};

/** What `encodeTree` has made, back again. @throws on anything else. */
export const decodeTree = (tree: unknown): unknown => {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((each) => decodeTree(each));
  if (Object.hasOwn(tree, TAG)) return decodeTagged(tree as Tagged);
  return Object.fromEntries(decodedPairs(Object.entries(tree)));
};

/** The value as what `JSON.stringify` keeps whole. @throws TypeError where it would not come back equal. */
export const encodeTree = (value: unknown): unknown => new Encoder().encode(value);
