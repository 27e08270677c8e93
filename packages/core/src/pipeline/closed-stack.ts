import { summarize } from '../errors/error-facts.js';
import { ShuttingDownError } from '../errors/shutting-down-error.js';
import { withoutStack } from '../errors/without-stack.js';
import type { Call } from './call.js';
import { reject } from './fail.js';
import { MISS } from './interceptor.js';
import { Returned } from './returned.js';
import { Stack } from './stack.js';

/** The stack of a method after `shutdown`: refuses every call before any policy sees it. What it holds stays to look at. */
export class ClosedStack extends Stack {
  override invoke(): unknown {
    return this.turnAway(this.refusal());
  }

  override invokeWith(): unknown {
    return this.invoke();
  }

  override lookUp(): typeof MISS {
    return MISS;
  }

  override runCall({ frame }: Call): unknown {
    const error = this.refusal();
    return frame.returnsErrors ? new Returned(error) : this.turnAway(error);
  }

  private turnAway(error: ShuttingDownError): Promise<never> {
    if (this.isAsynchronous) return reject(error);
    throw error;
  }

  private refusal(): ShuttingDownError {
    const { method, runtime } = this;
    const error = withoutStack(() => new ShuttingDownError(method), runtime.settings.captureStacks);
    runtime.events.emit('call.failed', method, { durationMs: 0, attempts: 0, error: summarize(error) });
    return error;
  }
}
