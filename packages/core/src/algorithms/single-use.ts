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

const ignore = (): void => undefined;

interface Disposable {
  readonly body?: unknown;
  readonly locked?: unknown;
  cancel?(): unknown;
  destroy?(): unknown;
  return?(): unknown;
}

const end = (value: Disposable): unknown => {
  if (isResponse(value)) return typeof value.body === 'object' && value.body !== null ? end(value.body) : undefined;
  if (isWebStream(value)) return value.locked === true ? undefined : value.cancel?.();
  if (isNodeStream(value)) return value.destroy?.();
  return value.return?.();
};

/**
 * Lets go of a result that nobody will consume, where it is one of these: an unread body holds its connection until it
 * is collected. Best effort, and never throws.
 */
export const discard = (value: unknown): void => {
  if (!isSingleUse(value)) return;
  try {
    void Promise.resolve(end(value as Disposable)).then(ignore, ignore);
  } catch {
    // Nobody waits for it, whatever became of it.
  }
};
