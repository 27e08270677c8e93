import { VERDICTS, classifyInternal } from '../../errors/classify.js';
import type { Call } from '../../pipeline/call.js';
import type { Interceptor, InterceptorFacts } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import type { InvalidatesOptions } from './options.js';

/** What another method's cache offers; found when the call begins. */
export interface InvalidationTarget {
  invalidate(self: unknown, args: readonly unknown[]): boolean;
  invalidateAll(self: unknown): void;
}

export class InvalidatesInterceptor implements Interceptor {
  readonly policy = 'invalidates';
  readonly isSkippedByHits = true;
  readonly #options: InvalidatesOptions;
  readonly #binding: Binding;
  readonly #find: (self: unknown) => InvalidationTarget;
  #isFound = false;

  constructor(options: InvalidatesOptions, binding: Binding, find: (self: unknown) => InvalidationTarget) {
    this.#options = options;
    this.#binding = binding;
    this.#find = find;
  }

  /** A wrong target is told before anything is written, not after. */
  enter(call: Call): void {
    if (!this.#isFound) this.#find(call.self);
    this.#isFound = true;
  }

  leave(call: Call, value: unknown): unknown {
    this.#invalidate(call);
    return value;
  }

  error(call: Call, error: unknown): undefined {
    const when = this.#options.when ?? 'attempted';
    if (when === 'always' || (when === 'attempted' && this.#mayHaveHadAnEffect(error))) this.#invalidate(call);
    return undefined;
  }

  describe(): InterceptorFacts {
    return { options: { target: String(this.#options.target), when: this.#options.when ?? 'attempted' } };
  }

  /** Refused calls were never made; a definite 4xx says that nothing was changed. */
  #mayHaveHadAnEffect(error: unknown): boolean {
    const errorClass = classifyInternal(error, this.#binding.runtime.settings.classifiers);
    return errorClass !== 'rejection' && errorClass !== 'configuration' && VERDICTS[errorClass].breaker !== 'success';
  }

  #invalidate(call: Call): void {
    this.#guarded(() => {
      const target = this.#find(call.self);
      const { keys } = this.#options;
      if (keys === undefined) return target.invalidateAll(call.self);
      const each: unknown = keys.apply(call.self as never, call.args as never[]);
      if (!Array.isArray(each)) throw new TypeError('keys must return an array, one element per entry');
      // One by one: a key that cannot be made keeps none of the others.
      for (const key of each) this.#guarded(() => target.invalidate(call.self, Array.isArray(key) ? key : [key]));
    });
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.#binding.reportFailure('keys', thrown);
    }
  }
}
