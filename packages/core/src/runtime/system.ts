/**
 * Only this file, system-clock.ts and system-timer.ts touch the process: clocks, timers, chance, environment, built-in
 * modules. Everything is read at call time, not at load time, so that a test framework's fake timers work.
 */

export const systemRandom = (): number => Math.random();

let secret: readonly [number, number] | undefined;

/**
 * A secret of this process, two words of 32 bits. Made when first asked: a process that loads `crypto` for nothing else
 * waits milliseconds for it.
 */
export const processSecret = (): readonly [number, number] => {
  if (secret === undefined) {
    const words = new Uint32Array(2);
    globalThis.crypto?.getRandomValues?.(words);
    secret = [words[0] ?? 0, words[1] ?? 0];
  }
  return secret;
};

/** Key hashes in events cannot be looked up in a table made elsewhere. */
export const processSalt = (): number => processSecret()[0];

export const readEnvironment = (): Readonly<Record<string, string | undefined>> =>
  typeof process === 'undefined' ? {} : (process.env ?? {});

export const isProduction = (): boolean => readEnvironment()['NODE_ENV'] === 'production';

interface NameStore {
  getItem(name: string): string | null;
}

/** What `DEBUG` says; in browsers, where `debug` keeps it. */
export const debugNamespaces = (): string => {
  if (typeof process !== 'undefined') return process.env?.['DEBUG'] ?? '';
  try {
    return (globalThis as { localStorage?: NameStore }).localStorage?.getItem('debug') ?? '';
  } catch {
    return '';
  }
};

/** A Node built-in where there is one, without an import that browsers and workers could not resolve. */
export const builtinModule = <Module>(name: string): Module | undefined => {
  if (typeof process === 'undefined') return undefined;
  const load = (process as { getBuiltinModule?: (id: string) => unknown }).getBuiltinModule;
  return load?.call(process, name) as Module | undefined;
};

interface Scope {
  runInAsyncScope<Result>(fn: () => Result): Result;
}

interface AsyncHooksModule {
  readonly AsyncResource: new (type: string, options?: { requireManualDestroy?: boolean }) => Scope;
}

/** Made while the package loads, when no caller's context is active. */
const detachedScope = ((): Scope | undefined => {
  const hooks = builtinModule<AsyncHooksModule>('node:async_hooks');
  return hooks && new hooks.AsyncResource('Holdfast', { requireManualDestroy: true });
})();

/**
 * Runs `fn` in the context in which the package was loaded. What is made by one call and kept for others, a settled
 * promise or a shared timer, must pin nobody's context.
 */
export const outsideAnyContext = <Result>(fn: () => Result): Result =>
  detachedScope === undefined ? fn() : detachedScope.runInAsyncScope(fn);

const settled = Promise.resolve();

/**
 * Runs `fn` once all that is already due in this turn of the event loop has run, reactions of promises included; in the
 * caller's async context. Where the platform cannot tell, a moment later.
 */
export const afterThisTurn = (fn: () => void): void => {
  const isNode = typeof process !== 'undefined' && typeof process.nextTick === 'function';
  // From a reaction on: ticks run when all reactions have.
  void settled.then(() => (isNode ? process.nextTick(fn) : setTimeout(fn, 0)));
};
