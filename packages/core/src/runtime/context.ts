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
