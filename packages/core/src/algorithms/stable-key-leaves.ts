/** Tokens of everything that has no members: primitives, and the built-in objects around one value. */

/** Arguments without a canonical form, and why, in words for people. The words never hold a value of an argument. */
export interface Unkeyable {
  readonly unkeyable: string;
}

/** The first character of every encoded key, and of no raw one. Not white space, on which `stable-key.ts` relies. */
export const RESERVED = '\u0001';
export const RESERVED_CODE = 1;

/** The most characters a key may have: 64 KiB of them. */
export const MAX_CHARACTERS = 65_536;

export const ADORNED: Unkeyable = { unkeyable: 'holds a built-in object with properties of its own' };

const TEXT_HEADS = /* @__PURE__ */ Array.from({ length: 256 }, (_, length) => `S${length}:`);

/** Text with its length in front, so that no content can end it early. */
export const textToken = (text: string): string => (TEXT_HEADS[text.length] ?? `S${text.length}:`) + text;

/** The token of a primitive; undefined for objects, and for functions and symbols, which have none. */
export function primitiveToken(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return textToken(value);
    case 'number':
      return `#${value}`;
    case 'boolean':
      return value ? 'T' : 'F';
    case 'undefined':
      return 'U';
    case 'bigint':
      return `B${value.toString(16)}`;
    default:
      return value === null ? 'Z' : undefined;
  }
}

/** Seeded with those that Node.js writes in JavaScript: their source does not show that they are built in. */
const builtInNames = /* @__PURE__ */ new WeakMap<object, string>([
  [Buffer, 'Buffer'],
  [URL, 'URL'],
  [URLSearchParams, 'URLSearchParams'],
]);

const NATIVE = /^function (\w+)\(\) \{ \[native code\] \}$/;

/** The name of a built-in constructor, of whichever realm; empty for all else, classes derived from one included. */
export function builtInName(constructor: unknown): string {
  if (typeof constructor !== 'function') {
    return '';
  }
  let name = builtInNames.get(constructor);
  if (name === undefined) {
    name = NATIVE.exec(Function.prototype.toString.call(constructor))?.[1] ?? '';
    builtInNames.set(constructor, name);
  }
  return name;
}

/** Split in two, so that the common answer, no, needs no closure. */
export const hasSymbolKeys = (value: object): boolean =>
  Object.getOwnPropertySymbols(value).length > 0 && hasEnumerableSymbol(value);

const hasEnumerableSymbol = (value: object): boolean =>
  Object.getOwnPropertySymbols(value).some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));

/** Whether nobody has added properties to a built-in object. */
export const isBare = (value: object, ownKeys = 0): boolean =>
  Object.keys(value).length === ownKeys && !hasSymbolKeys(value);

const SLICE = 4_096;

/** One character per byte, and at most one more than a key may have: what is larger is refused without being read. */
function bytesToken(kind: string, buffer: ArrayBufferLike, offset: number, length: number): string {
  const bytes = new Uint8Array(buffer, offset, Math.min(length, MAX_CHARACTERS + 1));
  let text = '';
  for (let at = 0; at < bytes.length; at += SLICE) {
    text += String.fromCharCode(...bytes.subarray(at, at + SLICE));
  }
  return `Y${textToken(kind)}${textToken(text)}`;
}

type LeafEncoder = (value: object, kind: string) => string | Unkeyable;

/** `read` is or ends in an intrinsic, which throws on an object that only claims to be of its kind. */
const wrapped =
  (tag: string, read: (value: object) => unknown): LeafEncoder =>
  (value) =>
    isBare(value) ? `${tag}${primitiveToken(read(value))}` : ADORNED;

function stringObjectToken(value: object): string | Unkeyable {
  const text = String.prototype.valueOf.call(value);
  return isBare(value, text.length) ? `X${textToken(text)}` : ADORNED;
}

const LEAVES = new Map<string, LeafEncoder>([
  ['Date', wrapped('D', (value) => (value as { getTime(): number }).getTime())],
  ['RegExp', wrapped('R', (value) => RegExp.prototype.toString.call(value))],
  ['URL', wrapped('W', (value) => (value as URL).href)],
  ['URLSearchParams', wrapped('Q', (value) => URLSearchParams.prototype.toString.call(value))],
  ['Number', wrapped('X', (value) => Number.prototype.valueOf.call(value))],
  ['Boolean', wrapped('X', (value) => Boolean.prototype.valueOf.call(value))],
  ['BigInt', wrapped('X', (value) => BigInt.prototype.valueOf.call(value))],
  ['String', stringObjectToken],
  ['ArrayBuffer', (value, kind) => bytesToken(kind, value as ArrayBuffer, 0, (value as ArrayBuffer).byteLength)],
]);

/**
 * The token of a built-in object without members; undefined for all other objects. Of binary data only kind and bytes
 * count: to look for added properties would be to list every byte.
 */
export function leafToken(value: object, kind: string): string | Unkeyable | undefined {
  if (ArrayBuffer.isView(value) && kind !== '') {
    return bytesToken(kind, value.buffer, value.byteOffset, value.byteLength);
  }
  return LEAVES.get(kind)?.(value, kind);
}
