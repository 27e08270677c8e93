/**
 * Plain data is what JSON gives back as it was: null, booleans, finite numbers, strings, arrays without holes, and plain
 * objects of such. Properties that are undefined may be left out: who reads them finds undefined all the same.
 */

/** Stands for what is no plain data. */
export const NOT_PLAIN: unique symbol = Symbol('not plain');

const MOST_LEVELS = 200;

const isPlainObject = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const copyArray = (array: readonly unknown[], level: number): unknown => {
  const copy: unknown[] = [];
  for (let index = 0; index < array.length; index++) {
    const member = copyAt(array[index], level + 1);
    if (member === NOT_PLAIN) return NOT_PLAIN;
    copy.push(member);
  }
  return Object.keys(array).length === array.length ? copy : NOT_PLAIN;
};

const copyObject = (value: object, level: number): unknown => {
  if (!isPlainObject(value) || typeof (value as { toJSON?: unknown }).toJSON === 'function') return NOT_PLAIN;
  if (Object.getOwnPropertySymbols(value).length > 0) return NOT_PLAIN;
  const copies: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const copy = copyAt(member, level + 1);
    if (copy === NOT_PLAIN) return NOT_PLAIN;
    copies.push([name, copy]);
  }
  return Object.fromEntries(copies);
};

/** Cycles end at the level that is too deep. */
const copyAt = (value: unknown, level: number): unknown => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  // JSON writes −0 as 0.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : NOT_PLAIN;
  if (typeof value !== 'object' || level > MOST_LEVELS) return NOT_PLAIN;
  return Array.isArray(value) ? copyArray(value, level) : copyObject(value, level);
};

/** A copy that shares nothing with the value; NOT_PLAIN for what JSON would lose or change, and for what cannot be read. */
export const plainCopy = (value: unknown): unknown => {
  try {
    return copyAt(value, 0);
  } catch {
    return NOT_PLAIN;
  }
};
