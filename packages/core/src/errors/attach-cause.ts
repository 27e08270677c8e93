/**
 * Keeps `cause` findable on an error that came first or goes out in its place: as its `cause`, where it has none and
 * lets itself be extended. Never throws.
 */
export const attachCause = (error: unknown, cause: unknown): void => {
  if (typeof error !== 'object' || error === null || error === cause) return;
  try {
    if (Object.hasOwn(error, 'cause') || !Object.isExtensible(error)) return;
    Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true, enumerable: false });
  } catch {
    // A proxy that resists: the error is worth more than its cause.
  }
};
