import { core } from '../lib/core.mjs';
import { decorate, defineClass } from '../lib/driver.mjs';
import { BARE } from './plain.mjs';

/** An instance of a class of its own whose method has these decorators, outermost first. */
export const decorated = (index, decorators, members = BARE, scope = {}) => {
  const Class = decorate(defineClass(`Ours${index}`, members, scope), 'm', decorators);
  return new Class();
};

/** The same policies as functions around functions, one wrapper for each. */
export const wrappedOneByOne = (index, options) => {
  const Class = defineClass(`Nested${index}`, BARE);
  for (const option of [...options].reverse()) Class.prototype.m = core.resilient(Class.prototype.m, option);
  return new Class();
};
