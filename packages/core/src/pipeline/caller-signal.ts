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

interface Interruptible {
  interrupt(reason: unknown): void;
}

/** The calls that one signal may end. */
class Link {
  readonly calls = new Set<Interruptible>();

  handleEvent({ target }: Event): void {
    for (const call of [...this.calls]) call.interrupt((target as AbortSignal).reason);
  }
}

const links = new WeakMap<AbortSignal, Link>();

/**
 * From now on the signal interrupts the call, until `unlink`. One listener serves all calls of a signal: eleven would be
 * a leak to Node, which warns, and adding one costs more than most calls.
 */
export const link = (signal: AbortSignal, call: Interruptible): void => {
  let known = links.get(signal);
  if (known === undefined) links.set(signal, (known = new Link()));
  if (known.calls.size === 0) signal.addEventListener('abort', known, { once: true });
  known.calls.add(call);
};

export const unlink = (signal: AbortSignal, call: Interruptible): void => {
  const known = links.get(signal);
  if (known === undefined || !known.calls.delete(call)) return;
  if (known.calls.size === 0) signal.removeEventListener('abort', known);
};
