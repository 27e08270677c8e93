import { type ErrorClass, VERDICTS, classifyInternal } from '../../errors/classify.js';
import { summarize } from '../../errors/error-facts.js';
import type { Call } from '../../pipeline/call.js';
import { Answer, type Interceptor, type InterceptorFacts, type Verdict } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import type { FallbackOptions } from './options.js';

/** Answers in place of an error. Stands outermost, so that its answer is never cached and hides nothing from the others. */
export class FallbackInterceptor implements Interceptor {
  readonly policy = 'fallback';
  readonly isSkippedByHits = true;
  readonly #options: FallbackOptions;
  readonly #binding: Binding;

  constructor(options: FallbackOptions, binding: Binding) {
    this.#options = options;
    this.#binding = binding;
  }

  error(call: Call, error: unknown): Verdict | Promise<Verdict> {
    const { runtime, method } = this.#binding;
    const errorClass = classifyInternal(error, runtime.settings.classifiers, (thrown) =>
      this.#binding.reportFailure('classifier', thrown),
    );
    if (!VERDICTS[errorClass].fallback || !this.#applies(error)) return undefined;
    const answer = this.#answer(call, error);
    if (answer instanceof Promise) return answer.then((value) => this.#applied(value, error, errorClass, method));
    return this.#applied(answer, error, errorClass, method);
  }

  describe(): InterceptorFacts {
    return { options: { answers: this.#options.handler === undefined ? 'value' : 'handler' } };
  }

  #applies(error: unknown): boolean {
    const { when } = this.#options;
    if (when === undefined) return true;
    try {
      return when(error) === true;
    } catch (thrown) {
      this.#binding.reportFailure('when', thrown);
      return false;
    }
  }

  #answer(call: Call, error: unknown): unknown {
    const { handler, value } = this.#options;
    return handler === undefined ? value : handler.call(call.self, error, ...(call.args as never[]));
  }

  #applied(value: unknown, error: unknown, errorClass: ErrorClass, method: string): Answer {
    this.#binding.runtime.events.emit('fallback.applied', method, { errorClass, error: summarize(error) });
    return new Answer(value);
  }
}
