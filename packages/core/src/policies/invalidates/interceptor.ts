import { VERDICTS, classifyInternal } from '../../errors/classify.js';
import type { Call } from '../../pipeline/call.js';
import type { Interceptor, InterceptorFacts } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import { tagProblem } from '../../stores/tag-names.js';
import type { InvalidatesOptions } from './options.js';

/** What a method's cache offers; found when the call begins. */
export interface InvalidationTarget {
  invalidate(self: unknown, args: readonly unknown[]): boolean;
  invalidateAll(self: unknown): void;
  invalidateTags(tags: readonly string[], mode: 'remove', scope: undefined): void;
}

export interface Reach {
  /** The target's cache; undefined without a target. */
  readonly find: ((self: unknown) => InvalidationTarget) | undefined;
  /** All caches of the runtime. */
  readonly caches: () => readonly InvalidationTarget[];
}

export class InvalidatesInterceptor implements Interceptor {
  readonly policy = 'invalidates';
  readonly isSkippedByHits = true;
  readonly #options: InvalidatesOptions;
  readonly #binding: Binding;
  readonly #reach: Reach;
  #isFound = false;

  constructor(options: InvalidatesOptions, binding: Binding, reach: Reach) {
    this.#options = options;
    this.#binding = binding;
    this.#reach = reach;
  }

  /** A wrong target is told before anything is written, not after. */
  enter(call: Call): void {
    if (!this.#isFound) this.#reach.find?.(call.self);
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
    const { target, tags, when = 'attempted' } = this.#options;
    return { options: { ...(target !== undefined && { target: String(target) }), ...(tags && { tags }), when } };
  }

  /** Refused calls were never made; a definite 4xx says that nothing was changed. */
  #mayHaveHadAnEffect(error: unknown): boolean {
    const errorClass = classifyInternal(error, this.#binding.runtime.settings.classifiers);
    return errorClass !== 'rejection' && errorClass !== 'configuration' && VERDICTS[errorClass].breaker !== 'success';
  }

  #invalidate(call: Call): void {
    const { find } = this.#reach;
    const { keys, tags } = this.#options;
    if (tags !== undefined) this.#guarded('tags', () => this.#invalidateTags(call, tags));
    if (find === undefined) return;
    this.#guarded('keys', () => {
      const target = find(call.self);
      if (keys === undefined) return target.invalidateAll(call.self);
      const each: unknown = keys.apply(call.self as never, call.args as never[]);
      if (!Array.isArray(each)) throw new TypeError('keys must return an array, one element per entry');
      // One by one: a key that cannot be made keeps none of the others.
      for (const key of each)
        this.#guarded('keys', () => target.invalidate(call.self, Array.isArray(key) ? key : [key]));
    });
  }

  #invalidateTags(call: Call, tags: NonNullable<InvalidatesOptions['tags']>): void {
    const each: unknown = typeof tags === 'function' ? tags.apply(call.self as never, call.args as never[]) : tags;
    if (!Array.isArray(each)) throw new TypeError('tags must return an array of strings');
    const valid = (each as readonly unknown[]).filter((tag): tag is string => tagProblem(tag) === undefined);
    for (const cache of this.#reach.caches()) cache.invalidateTags(valid, 'remove', undefined);
    // Told last: what is no tag keeps none of the others.
    if (valid.length < each.length) throw new TypeError('tags must return nothing but non-empty strings');
  }

  #guarded(source: 'keys' | 'tags', act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.#binding.reportFailure(source, thrown);
    }
  }
}
