/**
 * A stable key is one value that stands for the arguments of a call: equal for equal arguments, and never equal for
 * different ones.
 *
 * **Raw or encoded.** A single primitive is its own key, since a Map tells 1 from '1' by itself; that is the common
 * call, and it costs nothing. Everything else becomes a string that starts with a reserved character. A raw string that
 * starts with it is encoded too, so no string that a caller may choose is the key of other arguments.
 *
 * **The code.** A key is the reserved character and one token per argument. Each token starts with a tag and says where
 * it ends, by a length or a count in front. So a key can be read back in one way only: tokens need no separators, and
 * no content can pose as structure.
 *
 *     U Z T F        undefined, null, true, false           S<length>:<text>    string
 *     #<decimal>     number; −0 is 0                        B<hexadecimal>      bigint
 *     L<count>:…     array; H stands for a hole             O<count>:<names>…   plain object, names sorted
 *     M<count>:…     Map, entries sorted by token           E<count>:…          Set, members sorted by token
 *     D R W Q X      Date, RegExp, URL, URLSearchParams, boxed primitive, each with the token of its value
 *     Y<kind><bytes> typed array, DataView, ArrayBuffer     K<token>            what toCacheKey() returned
 *
 * A number has no end mark: what follows one is the end of the key or a tag, and no tag can continue a number.
 *
 * **No form.** Functions, symbols, cycles, instances of classes without `toCacheKey()`, built-in objects with added
 * properties, getters that throw: such arguments have no key, and the answer says why. So it does beyond 32 levels,
 * 10,000 nodes or 64 KiB (in UTF-16 code units), which bound the work that a caller can cause. Nothing in here throws.
 * Not looked for, as it would cost more than the key: non-enumerable properties, symbol keys of arrays, and properties
 * added to binary data.
 *
 * **Speed.** Concatenation makes ropes, and a Map flattens a rope slowly, at every lookup. `trimStart` flattens it
 * quickly and returns the flat string; it trims nothing, because the reserved character is not white space.
 */
import { MAX_CHARACTERS, RESERVED_CODE, type Unkeyable } from './stable-key-leaves.js';
import { Walk, tokensOf } from './stable-key-tree.js';

export type { Unkeyable };

/** A cache key: the raw primitive argument where one suffices, else an encoded string. */
export type CacheKey = string | number | boolean | bigint | null | undefined;

/** Four for each hexadecimal digit: a bigint of more bits is larger than a key may be. */
const MAX_BITS = MAX_CHARACTERS * 4;
const HOSTILE: Unkeyable = { unkeyable: 'throws when it is read' };

/** The key of the first `count` arguments. Trailing undefined is dropped: `f()` and `f(undefined)` are one call. */
export function keyOf(args: readonly unknown[], count = args.length): CacheKey | Unkeyable {
  if (count === 1) {
    return keyOfOne(args[0]);
  }
  let used = count;
  while (used > 0 && args[used - 1] === undefined) {
    used--;
  }
  return used > 1 ? encode(args, used) : keyOfOne(used === 0 ? undefined : args[0]);
}

/** The key for a value that a `key` option returned; the same as that of a call with this one argument. */
export const keyOfValue = (value: unknown): CacheKey | Unkeyable => keyOfOne(value, 'the value of key()');

export const isUnkeyable = (x: unknown): x is Unkeyable =>
  typeof x === 'object' && x !== null && typeof (x as Partial<Unkeyable>).unkeyable === 'string';

/** A string that is its own key: within the bound, and not to be taken for an encoded one. */
export const isRawString = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_CHARACTERS && value.charCodeAt(0) !== RESERVED_CODE;

/** The hot path. Adding 0 turns −0 into 0. */
function keyOfOne(value: unknown, subject?: string): CacheKey | Unkeyable {
  if (typeof value === 'number') {
    return value + 0;
  }
  if (isRawString(value)) {
    return value;
  }
  return isRaw(value) ? value : encode([value], 1, subject);
}

/** Whether a value that is neither a number nor a string is its own key. */
const isRaw = (value: unknown): value is boolean | bigint | null | undefined =>
  typeof value === 'bigint'
    ? BigInt.asIntN(MAX_BITS, value) === value
    : typeof value === 'boolean' || value === undefined || value === null;

function encode(args: readonly unknown[], count: number, subject?: string): string | Unkeyable {
  const walk = new Walk();
  let tokens: string | Unkeyable;
  try {
    tokens = tokensOf(args, count, walk);
  } catch {
    tokens = HOSTILE;
  }
  if (typeof tokens === 'string') {
    return tokens.trimStart();
  }
  return { unkeyable: `${subject ?? `argument ${walk.argument + 1}`} ${tokens.unkeyable}` };
}
