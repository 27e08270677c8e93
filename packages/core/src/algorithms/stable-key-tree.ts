/** Tokens of everything that has members: arrays, plain objects, maps, sets, objects with a `toCacheKey()` method. */
import {
  ADORNED,
  MAX_CHARACTERS,
  RESERVED,
  type Unkeyable,
  builtInName,
  hasSymbolKeys,
  isBare,
  leafToken,
  primitiveToken,
  textToken,
} from './stable-key-leaves.js';

const MAX_DEPTH = 32;
const MAX_NODES = 10_000;

const TOO_LARGE: Unkeyable = { unkeyable: 'makes the key larger than 64 KiB' };
const TOO_MANY: Unkeyable = { unkeyable: 'gives the key more than 10,000 nodes' };
const TOO_DEEP: Unkeyable = { unkeyable: 'is nested deeper than 32 levels' };
const CYCLE: Unkeyable = { unkeyable: 'holds a cycle' };

type Token = string | Unkeyable;

/** An object whose members are being read, and the objects around it. */
interface Level {
  readonly value: object;
  readonly depth: number;
  readonly outer: Level | undefined;
}

/** One walk over the arguments of one call. */
export class Walk {
  /** The index of the current argument. */
  argument = 0;
  /** The nodes that may still come. */
  nodes = MAX_NODES;
  /** The innermost object around the current value. */
  level: Level | undefined = undefined;

  refuse(what: string): Unkeyable {
    return { unkeyable: `${this.level === undefined ? 'is' : 'holds'} ${what}` };
  }
}

/** The key of several arguments. Getters, proxies and `toCacheKey()` run in here and may throw: the caller catches. */
export function tokensOf(args: readonly unknown[], count: number, walk: Walk): Token {
  let tokens: Token = RESERVED;
  for (let index = 0; index < count; index++) {
    walk.argument = index;
    walk.nodes -= 1;
    tokens = walk.nodes < 0 ? TOO_MANY : extend(tokens, tokenOf(args[index], walk));
    if (typeof tokens !== 'string') {
      return tokens;
    }
  }
  return tokens;
}

function tokenOf(value: unknown, walk: Walk): Token {
  if (typeof value === 'object' && value !== null) {
    return objectToken(value, walk);
  }
  return primitiveToken(value) ?? walk.refuse(`a ${typeof value}`);
}

function objectToken(value: object, walk: Walk): Token {
  const outer = walk.level;
  for (let level = outer; level !== undefined; level = level.outer) {
    if (level.value === value) {
      return CYCLE;
    }
  }
  const depth = outer === undefined ? 1 : outer.depth + 1;
  if (depth > MAX_DEPTH) {
    return TOO_DEEP;
  }
  walk.level = { value, depth, outer };
  const token = membersToken(value, walk);
  walk.level = outer;
  return token ?? walk.refuse(`an opaque instance of ${className(value)}`);
}

function membersToken(value: object, walk: Walk): Token | undefined {
  if (typeof (value as { toCacheKey?: unknown }).toCacheKey === 'function') {
    return extend('K', tokenOf((value as { toCacheKey(): unknown }).toCacheKey(), walk));
  }
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return plainToken(value, walk);
  }
  if (prototype === Array.prototype && Array.isArray(value)) {
    return arrayToken(value, walk);
  }
  return builtInToken(value, prototype, walk);
}

/** A built-in object, or a plain object or array of another realm (a `vm` context, a test environment). */
function builtInToken(value: object, prototype: object, walk: Walk): Token | undefined {
  if (Object.getPrototypeOf(prototype) === null && builtInName(prototype.constructor) === 'Object') {
    return plainToken(value, walk);
  }
  const kind = builtInName(value.constructor);
  switch (kind) {
    case 'Array':
      return Array.isArray(value) ? arrayToken(value, walk) : undefined;
    case 'Map':
      return isBare(value) ? sortedToken('M', Map.prototype.entries.call(value), 2, walk) : ADORNED;
    case 'Set':
      return isBare(value) ? sortedToken('E', Set.prototype.entries.call(value), 1, walk) : ADORNED;
    default:
      return leafToken(value, kind);
  }
}

function className({ constructor }: object): string {
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'a nameless class';
}

/** `tokens` with one more, unless that makes them too large. */
function extend(tokens: string, token: Token): Token {
  if (typeof token !== 'string') {
    return token;
  }
  return tokens.length + token.length > MAX_CHARACTERS ? TOO_LARGE : tokens + token;
}

function arrayToken(array: readonly unknown[], walk: Walk): Token {
  const { length } = array;
  walk.nodes -= length;
  if (walk.nodes < 0) {
    return TOO_MANY;
  }
  let tokens: Token = `L${length}:`;
  let holes = 0;
  for (let index = 0; index < length; index++) {
    const member = array[index];
    const isHole = member === undefined && !Object.hasOwn(array, index);
    holes += isHole ? 1 : 0;
    tokens = extend(tokens, isHole ? 'H' : tokenOf(member, walk));
    if (typeof tokens !== 'string') {
      return tokens;
    }
  }
  // Object.values makes no text of the indexes, as Object.keys would.
  return Object.values(array).length === length - holes ? tokens : ADORNED;
}

/** All property names, then all values: the names are one ready-made piece for objects of a known shape. */
function plainToken(value: object, walk: Walk): Token {
  const names = Object.keys(value);
  walk.nodes -= names.length;
  if (walk.nodes < 0) {
    return TOO_MANY;
  }
  if (hasSymbolKeys(value)) {
    return walk.refuse('a symbol key');
  }
  const { sorted, head } = shapeOf(names);
  let tokens: Token = head;
  for (let index = 0; index < sorted.length; index++) {
    tokens = extend(tokens, tokenOf((value as Record<string, unknown>)[sorted[index]!], walk));
    if (typeof tokens !== 'string') {
      return tokens;
    }
  }
  return tokens;
}

/** Members in the order of their tokens: maps and sets are equal in whatever order they were filled. */
function sortedToken(tag: string, entries: Iterable<[unknown, unknown]>, width: 1 | 2, walk: Walk): Token {
  const members: string[] = [];
  let size = 0;
  for (const [key, value] of entries) {
    walk.nodes -= width;
    if (walk.nodes < 0) {
      return TOO_MANY;
    }
    const first = tokenOf(key, walk);
    const member = width === 1 || typeof first !== 'string' ? first : extend(first, tokenOf(value, walk));
    if (typeof member !== 'string') {
      return member;
    }
    size += member.length;
    if (size > MAX_CHARACTERS) {
      return TOO_LARGE;
    }
    members.push(member);
  }
  return `${tag}${members.length}:${members.sort().join('')}`;
}

/** The property names of a plain object, as they came and as they go into a key. */
interface Shape {
  readonly names: readonly string[];
  readonly sorted: readonly string[];
  readonly head: string;
}

/** The shapes seen last, one per slot, so that callers who choose the names cannot make them grow. */
const shapes: (Shape | undefined)[] = /* @__PURE__ */ Array.from({ length: 256 }, () => undefined);
const REMEMBERED_HEAD = 512;

function shapeOf(names: readonly string[]): Shape {
  const slot = slotOf(names);
  const known = shapes[slot];
  if (known !== undefined && isSame(known.names, names)) {
    return known;
  }
  const sorted = [...names].sort();
  const shape = { names, sorted, head: `O${names.length}:${sorted.map(textToken).join('')}` };
  if (shape.head.length <= REMEMBERED_HEAD) {
    shapes[slot] = shape;
  }
  return shape;
}

function slotOf(names: readonly string[]): number {
  if (names.length === 0) {
    return 0;
  }
  const first = names[0]!;
  const last = names[names.length - 1]!;
  const mixed = names.length * 89 + first.length * 31 + first.charCodeAt(0) * 7 + last.length * 53 + last.charCodeAt(0);
  return mixed & 255;
}

function isSame(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) {
    return false;
  }
  for (let index = 0; index < names.length; index++) {
    if (names[index] !== others[index]) {
      return false;
    }
  }
  return true;
}
