import { VERDICTS, classifyInternal } from '../../errors/classify.js';
import type { Call } from '../../pipeline/call.js';
import type { Interceptor, InterceptorFacts } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import type { InvalidatesOptions } from './options.js';

/** What another method's cache offers; found when the call leaves. */
export interface InvalidationTarget {
  invalidate(self: unknown, args: readonly unknown[]): boolean;
  clear(self: unknown): void;
}

export class InvalidatesInterceptor implements Interceptor {
  readonly policy = 'invalidates';
  readonly isSkippedByHits = true;
  readonly #options: InvalidatesOptions;
  readonly #binding: Binding;
  readonly #find: (self: unknown) => InvalidationTarget;

  constructor(options: InvalidatesOptions, binding: Binding, find: (self: unknown) => InvalidationTarget) {
    this.#options = options;
    this.#binding = binding;
    this.#find = find;
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
    const { keys } = this.#options;
    try {
      const target = this.#find(call.self);
      if (keys === undefined) {
        target.clear(call.self);
        return;
      }
      const each = keys.apply(call.self as never, call.args as never[]);
      for (const key of each) target.invalidate(call.self, Array.isArray(key) ? key : [key]);
    } catch (thrown) {
      this.#binding.reportFailure('keys', thrown);
    }
  }
}
