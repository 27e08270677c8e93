import { summarize } from '../errors/error-facts.js';
import { ShuttingDownError } from '../errors/shutting-down-error.js';
import { withoutStack } from '../errors/without-stack.js';
import { reject } from './fail.js';
import { failure } from './outcome.js';
import { Stack } from './stack.js';

/** The stack of a method after `shutdown`: refuses every call before any policy sees it. What it holds stays to look at. */
export class ClosedStack extends Stack {
  override invoke(): unknown {
    const error = this.refusal();
    if (this.isAsynchronous) return reject(error);
    throw error;
  }

  override outcome(_self: unknown, args: readonly unknown[]): unknown {
    const outcome = failure(this.refusal(), args);
    return this.isAsynchronous ? Promise.resolve(outcome) : outcome;
  }

  override invokeWith(): unknown {
    return this.invoke();
  }

  private refusal(): ShuttingDownError {
    const { method, runtime } = this;
    const error = withoutStack(() => new ShuttingDownError(method), runtime.settings.captureStacks);
    runtime.events.emit('call.failed', method, { durationMs: 0, attempts: 0, error: summarize(error) });
    return error;
  }
}
