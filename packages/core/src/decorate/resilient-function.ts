import type { OptionSite } from '../errors/option-check.js';
import { type LayerParts, layerFrom } from './class-decorator.js';
import type { AnyFunction } from './method-record.js';
import { wrapMethod } from './wrap.js';

/** The same for a function without a class: every call makes a record and a wrapper of its own. */
export const wrapFunction = (fn: AnyFunction, name: string, parts: LayerParts, site: OptionSite): AnyFunction => {
  const { record, wrapper } = wrapMethod(fn, name, { isStatic: false, isPrivate: false, home: fn });
  record.add(layerFrom(parts, 'direct', site));
  return wrapper;
};
