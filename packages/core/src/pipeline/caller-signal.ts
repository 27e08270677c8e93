/** The caller's AbortSignal: a trailing argument, or `signal` in a trailing plain object. */

const isSignal = (value: unknown): value is AbortSignal =>
  typeof AbortSignal !== 'undefined' && value instanceof AbortSignal;

const isPlainObject = (value: object): value is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

export const callerSignalOf = (args: readonly unknown[]): AbortSignal | undefined => {
  const last = args[args.length - 1];
  if (typeof last !== 'object' || last === null) return undefined;
  if (isSignal(last)) return last;
  if (!isPlainObject(last)) return undefined;
  const { signal } = last;
  return isSignal(signal) ? signal : undefined;
};

/** The arguments with the caller's signal replaced; the caller's own array and object stay as they are. */
export const argsWithSignal = (args: readonly unknown[], signal: AbortSignal): readonly unknown[] => {
  const last = args[args.length - 1];
  const replaced = isSignal(last) ? signal : { ...(last as object), signal };
  return [...args.slice(0, -1), replaced];
};

/** The arguments without the signal, for keys. */
export const argsWithoutSignal = (args: readonly unknown[]): readonly unknown[] => {
  const last = args[args.length - 1];
  if (isSignal(last)) return args.slice(0, -1);
  const { signal: _signal, ...rest } = last as Record<string, unknown>;
  return Object.keys(rest).length === 0 ? args.slice(0, -1) : [...args.slice(0, -1), rest];
};
