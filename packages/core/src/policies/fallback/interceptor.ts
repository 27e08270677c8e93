import { ask } from '../../errors/ask.js';
import { attachCause } from '../../errors/attach-cause.js';
import { type ErrorClass, VERDICTS, classifyInternal } from '../../errors/classify.js';
import { summarize } from '../../errors/error-facts.js';
import type { Call } from '../../pipeline/call.js';
import { isCallersAbort } from '../../pipeline/interruption.js';
import { Answer, type Interceptor, type InterceptorFacts, type Verdict } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import { isThenable } from '../../pipeline/thenable.js';
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
    if (isCallersAbort(call, error)) return undefined;
    const { classifiers } = this.#binding.runtime.settings;
    const errorClass = classifyInternal(error, classifiers, (thrown) =>
      this.#binding.reportFailure('classifier', thrown),
    );
    if (!VERDICTS[errorClass].fallback || !this.#applies(error)) return undefined;
    const answer = this.#answer(call, error);
    if (!isThenable(answer)) return this.#applied(call, answer, { error, errorClass });
    return Promise.resolve(answer).then(
      (value) => this.#applied(call, value, { error, errorClass }),
      (thrown: unknown) => replaced(error, thrown),
    );
  }

  describe(): InterceptorFacts {
    return { options: { answers: this.#options.handler === undefined ? 'value' : 'handler' } };
  }

  #applies(error: unknown): boolean {
    const { when } = this.#options;
    return (
      when === undefined ||
      ask(
        () => when(error),
        false,
        (thrown) => this.#binding.reportFailure('when', thrown),
      )
    );
  }

  #answer(call: Call, error: unknown): unknown {
    const { handler, value } = this.#options;
    if (handler === undefined) return value;
    try {
      return handler.call(call.self, error, ...(call.args as never[]));
    } catch (thrown) {
      return replaced(error, thrown);
    }
  }

  #applied(call: Call, value: unknown, { error, errorClass }: { error: unknown; errorClass: ErrorClass }): Answer {
    const { runtime, method } = this.#binding;
    call.answeredBy('fallback');
    runtime.events.emit('fallback.applied', method, { errorClass, error: summarize(error) });
    return new Answer(value);
  }
}

/** A handler's own failure is what the caller gets; what it was to answer stays findable as the cause. */
const replaced = (original: unknown, thrown: unknown): never => {
  attachCause(thrown, original);
  throw thrown;
};
