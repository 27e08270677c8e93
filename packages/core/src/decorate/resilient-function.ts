import type { OptionSite } from '../errors/option-check.js';
import { type LayerParts, layerFrom } from './class-decorator.js';
import { type AnyFunction, recordOf } from './method-record.js';
import { wrapMethod } from './wrap.js';

const ARROW = /^(?:async\s*)?(?:\(|[\w$]+\s*=>)/;

/**
 * Arrow and bound functions: whatever object they are put on, nothing depends on it. Told by the source, and wrongly
 * only for a method named `async`.
 */
const ignoresThis = (fn: AnyFunction): boolean => {
  const known = recordOf(fn);
  if (known !== undefined) return known.place.ignoresThis === true;
  if (Object.hasOwn(fn, 'prototype')) return false;
  const source = Function.prototype.toString.call(fn);
  return ARROW.test(source) || (fn.name.startsWith('bound ') && source.endsWith('{ [native code] }'));
};

/** The same for a function without a class: every call makes a record and a wrapper of its own. */
export const wrapFunction = (fn: AnyFunction, name: string, parts: LayerParts, site: OptionSite): AnyFunction => {
  const place = { isStatic: false, isPrivate: false, home: fn, ignoresThis: ignoresThis(fn) };
  const { record, wrapper } = wrapMethod(fn, name, place);
  record.standalone = wrapper;
  record.add(layerFrom(parts, 'direct', site));
  return wrapper;
};
