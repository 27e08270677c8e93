import { builtinModule } from './system.js';

/**
 * Async context, off until someone asks for it: on Node before 24 the first `AsyncLocalStorage.run` slows every promise
 * of the process. `configure({ context: true })`, `withContext` and `runtime.run` switch it on.
 */

interface Storage<Value> {
  run<Result>(value: Value, fn: () => Result): Result;
  getStore(): Value | undefined;
}

interface AsyncHooksModule {
  readonly AsyncLocalStorage: new <Value>() => Storage<Value>;
  readonly AsyncResource: new (
    type: string,
    options?: { requireManualDestroy?: boolean },
  ) => { runInAsyncScope<Result>(fn: () => Result): Result };
}

export class AsyncContext<Value> {
  #storage: Storage<Value> | undefined;
  #hasLooked = false;

  /** True where the platform has async context and somebody has switched it on. */
  get isOn(): boolean {
    return this.#storage !== undefined;
  }

  /** Returns false where the platform has none. */
  enable(): boolean {
    if (!this.#hasLooked) {
      this.#hasLooked = true;
      const hooks = builtinModule<AsyncHooksModule>('node:async_hooks');
      if (hooks !== undefined) this.#storage = new hooks.AsyncLocalStorage<Value>();
    }
    return this.#storage !== undefined;
  }

  get current(): Value | undefined {
    return this.#storage?.getStore();
  }

  run<Result>(value: Value, fn: () => Result): Result {
    return this.#storage === undefined ? fn() : this.#storage.run(value, fn);
  }
}

let detachedScope: { runInAsyncScope<Result>(fn: () => Result): Result } | undefined | null = null;

/** Runs `fn` in the context in which this module first needed one, so that what `fn` makes pins no caller's context. */
export const outsideAnyContext = <Result>(fn: () => Result): Result => {
  if (detachedScope === null) prepareDetachedScope();
  return detachedScope ? detachedScope.runInAsyncScope(fn) : fn();
};

/** Called while the package loads, when no caller's context is active. */
export const prepareDetachedScope = (): void => {
  const hooks = builtinModule<AsyncHooksModule>('node:async_hooks');
  detachedScope = hooks && new hooks.AsyncResource('Holdfast', { requireManualDestroy: true });
};
