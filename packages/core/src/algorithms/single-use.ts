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

/** The stream in a plain object of a client, beside a status: `{ statusCode, headers, body }`, `{ status, data }`. */
const streamIn = (value: object): object | undefined => {
  const { status, statusCode, body, data } = value as Record<string, unknown>;
  if (typeof status !== 'number' && typeof statusCode !== 'number') return undefined;
  const stream = body ?? data;
  return typeof stream === 'object' && stream !== null && (isNodeStream(stream) || isWebStream(stream))
    ? stream
    : undefined;
};

/** Response and Request, what other clients answer with where it has a stream, web and Node streams, iterators and generators. */
export const isSingleUse = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return (
      isIterator(value) ||
      isResponse(value) ||
      isNodeStream(value) ||
      isWebStream(value) ||
      streamIn(value) !== undefined
    );
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
  on?(event: 'error', listener: () => void): unknown;
  return?(): unknown;
}

const end = (value: Disposable): unknown => {
  if (isResponse(value)) return typeof value.body === 'object' && value.body !== null ? end(value.body) : undefined;
  if (isWebStream(value)) return value.locked === true ? undefined : value.cancel?.();
  if (isNodeStream(value)) {
    // Nobody else may listen, and then an error would end the process.
    value.on?.('error', ignore);
    return value.destroy?.();
  }
  const stream = streamIn(value);
  return stream === undefined ? value.return?.() : end(stream);
};

/** Results that a caller has: other ways to the same object must not end it. */
const owned = new WeakSet<object>();

/** The value is a caller's: `discard` leaves it alone from now on. */
export const keep = (value: unknown): void => {
  if (isSingleUse(value)) owned.add(value as object);
};

/**
 * Lets go of a result that nobody will consume, where it is one of these: an unread body holds its connection until it
 * is collected. Best effort, and never throws.
 */
export const discard = (value: unknown): void => {
  if (!isSingleUse(value) || owned.has(value as object)) return;
  try {
    void Promise.resolve(end(value as Disposable)).then(ignore, ignore);
  } catch {
    // Nobody waits for it, whatever became of it.
  }
};
