/**
 * The only file that touches the process: clocks, timers, chance, environment, built-in modules. Everything is read at
 * call time, not at load time, so that a test framework's fake timers work.
 */

import type { Clock, Timer } from './clock.js';

/** `setTimeout` fires at once beyond this; longer waits are chunked. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

interface TimeoutHandle {
  ref?(): unknown;
  unref?(): unknown;
}

class SystemTimer implements Timer {
  #handle: ReturnType<typeof setTimeout>;
  #isReferenced = true;
  readonly #callback: () => void;

  constructor(callback: () => void, delay: number) {
    this.#callback = callback;
    this.#handle = this.#arm(delay);
  }

  #arm(delay: number): ReturnType<typeof setTimeout> {
    const rest = delay - LONGEST_TIMEOUT;
    return rest <= 0 ? setTimeout(this.#callback, delay) : setTimeout(() => this.#armAgain(rest), LONGEST_TIMEOUT);
  }

  /** The next chunk keeps the process alive only if the one before did. */
  #armAgain(rest: number): void {
    this.#handle = this.#arm(rest);
    if (!this.#isReferenced) this.unref();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  ref(): void {
    this.#isReferenced = true;
    (this.#handle as TimeoutHandle).ref?.();
  }

  unref(): void {
    this.#isReferenced = false;
    (this.#handle as TimeoutHandle).unref?.();
  }
}

/**
 * The process's clock. `coarse` keeps one reading for up to a millisecond: an unref'd timer, armed only while someone
 * reads, drops it. While the event loop is blocked the reading lags by the block.
 */
export class SystemClock implements Clock {
  /**
   * Undefined while there is none, which also keeps V8 from storing a bare double here and boxing it at every read.
   * TypeScript's `private`: a `#field` costs more than the reading saves.
   */
  private reading: number | undefined = undefined;
  #dropTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #drop = (): void => {
    this.reading = undefined;
  };

  now(): number {
    return performance.now();
  }

  wall(): number {
    return Date.now();
  }

  coarse(): number {
    return this.reading ?? this.#readCoarse();
  }

  setTimer(callback: () => void, delay: number): Timer {
    return new SystemTimer(callback, delay);
  }

  #readCoarse(): number {
    const now = performance.now();
    this.reading = now;
    const timer = this.#dropTimer as { refresh?: () => void } | undefined;
    if (timer?.refresh !== undefined) timer.refresh();
    else {
      this.#dropTimer = outsideAnyContext(() => setTimeout(this.#drop, 1));
      (this.#dropTimer as TimeoutHandle).unref?.();
    }
    return now;
  }
}

export const systemRandom = (): number => Math.random();

let salt: number | undefined;

/**
 * A secret of this process: key hashes in events cannot be looked up in a table made elsewhere. Made when first asked:
 * a process that loads `crypto` for nothing else waits milliseconds for it.
 */
export const processSalt = (): number => {
  if (salt === undefined) {
    const words = new Uint32Array(1);
    globalThis.crypto?.getRandomValues?.(words);
    salt = words[0] ?? 0;
  }
  return salt;
};

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
