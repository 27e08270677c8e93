import { recordOf } from '../decorate/method-record.js';
import { BypassedPolicies } from '../runtime/bypass.js';
import { world } from '../runtime/world.js';
import { boundMethod } from './bound-method.js';

/** A view of an instance whose methods run past the cache: neither read nor written. */
export const uncached = <Instance extends object>(instance: Instance): Instance => {
  const cache = new BypassedPolicies(['cache']);
  return new Proxy(instance, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || name === 'constructor') return member;
      if (recordOf(member) === undefined) return isFixed(target, name) ? member : member.bind(target);
      return (...args: unknown[]) => {
        const outer = world.ambient.current?.bypass;
        const bypass = outer === undefined ? cache : outer.and(cache);
        return boundMethod(target, name, 'uncached').binding.past(bypass).invoke(target, args);
      };
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
};

/** A proxy may not show anything else than a frozen object's own property. */
const isFixed = (target: object, name: PropertyKey): boolean =>
  Object.getOwnPropertyDescriptor(target, name)?.configurable === false;
