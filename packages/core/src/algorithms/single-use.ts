/**
 * Results that can be consumed only once: they can be neither stored nor shared. Recognised by what they can do, since
 * classes differ between runtimes and realms.
 */
const has = (value: object, name: string): boolean => typeof (value as Record<string, unknown>)[name] === 'function';

const isIterator = (value: object): boolean => {
  if (!has(value, 'next')) return false;
  const iterable = value as { [Symbol.iterator]?: unknown; [Symbol.asyncIterator]?: unknown };
  return iterable[Symbol.iterator] !== undefined || iterable[Symbol.asyncIterator] !== undefined;
};

const isResponse = (value: object): boolean => has(value, 'arrayBuffer') && has(value, 'clone') && 'bodyUsed' in value;
/** `pipe` alone does not make a stream: immutable values of functional libraries have it too. */
const isNodeStream = (value: object): boolean => has(value, 'pipe') && has(value, 'on');
const isWebStream = (value: object): boolean => has(value, 'getReader') || has(value, 'getWriter');

/** Response and Request, web and Node streams, iterators and generators. */
export const isSingleUse = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return isIterator(value) || isResponse(value) || isNodeStream(value) || isWebStream(value);
  } catch {
    return true;
  }
};
