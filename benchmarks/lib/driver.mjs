/**
 * Loops that call. Every contender gets a loop and classes with source text of their own: V8 keeps type feedback per
 * function literal, and a shared loop would let one contender spoil the next one's.
 */

let serial = 0;

/**
 * What `text` returns, with the values of `scope` in reach under their names. Numbered, because V8 keeps functions that
 * were made from equal texts, and what it has learned about one would be applied to all.
 */
export const compile = (text, scope) => {
  serial += 1;
  // oxlint-disable-next-line typescript/no-implied-eval -- source text of its own is the point
  return new Function(...Object.keys(scope), `/* ${serial} */ ${text}`)(...Object.values(scope));
};

const loopText = (body) => `
  return async function drive(calls) {
    let result;
    for (let call = 0; call < calls; call++) {
      const at = (call >> shift) & argumentMask;
      ${body}
    }
    return result;
  };`;

const CALLS = {
  1: 'result = await targets[call & targetMask].m(first[at]);',
  2: 'result = await targets[call & targetMask].m(first[at], second[at]);',
};

/**
 * A loop over `targets` and over argument lists, each a power of two of them, that awaits every call. With `isCaught`,
 * a rejection counts as an answer.
 */
export const driverOf = (targets, argumentLists, { isCaught = false } = {}) => {
  const call = CALLS[argumentLists[0].length];
  const text = loopText(isCaught ? `try { ${call} } catch (error) { result = error; }` : call);
  return compile(text, {
    targets,
    targetMask: targets.length - 1,
    shift: Math.log2(targets.length),
    first: argumentLists.map(([one]) => one),
    second: argumentLists.map(([, two]) => two),
    argumentMask: argumentLists.length - 1,
  });
};

/** A class of its own source text. `members` are the bodies; `scope` the names that they may use. */
export const defineClass = (name, members, scope = {}) => compile(`return class ${name} { ${members} };`, scope);

/** Decorators by hand, in the form that TypeScript's `experimentalDecorators` gives them: the last one stands nearest. */
export const decorate = (Class, member, decorators) => {
  for (const decorator of [...decorators].reverse()) {
    const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, member);
    Object.defineProperty(Class.prototype, member, decorator(Class.prototype, member, descriptor) ?? descriptor);
  }
  return Class;
};
