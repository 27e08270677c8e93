import { summarize } from '../errors/error-facts.js';
import { ShuttingDownError } from '../errors/shutting-down-error.js';
import { withoutStack } from '../errors/without-stack.js';
import type { Call } from './call.js';
import { reject } from './fail.js';
import { MISS } from './interceptor.js';
import { isWaitedFor } from './nesting.js';
import { Returned } from './returned.js';
import type { Runtime } from '../runtime/runtime.js';
import { Stack } from './stack.js';

const refuse = (runtime: Runtime, method: string): ShuttingDownError => {
  const error = withoutStack(() => new ShuttingDownError(method), runtime.settings.captureStacks);
  runtime.events.emit('call.failed', method, { durationMs: 0, attempts: 0, error: summarize(error) });
  return error;
};

/** Once nothing is under way any more, context can only tell of calls that are over. */
const isOpenHere = (runtime: Runtime): boolean => !runtime.isDrained && isWaitedFor(runtime);

/** For calls without a stack: undefined where one under way makes them. */
export const refusalOf = (runtime: Runtime, name: string): ShuttingDownError | undefined =>
  isOpenHere(runtime) ? undefined : refuse(runtime, name);

/**
 * The stack of a method after `shutdown`: refuses every call before any policy sees it, but for those that a call under
 * way makes, where that is known. What it holds stays to look at.
 */
export class ClosedStack extends Stack {
  private get isOpenHere(): boolean {
    return isOpenHere(this.runtime);
  }

  override invoke(self: unknown, args: readonly unknown[]): unknown {
    return this.isOpenHere ? super.invoke(self, args) : this.turnAway(this.refusal());
  }

  override invokeWith(...given: Parameters<Stack['invokeWith']>): unknown {
    return this.isOpenHere ? super.invokeWith(...given) : this.turnAway(this.refusal());
  }

  override lookUp(self: unknown, args: readonly unknown[]): unknown {
    return this.isOpenHere ? super.lookUp(self, args) : MISS;
  }

  override runCall(call: Call): unknown {
    if (this.isOpenHere) return super.runCall(call);
    const error = this.refusal();
    return call.frame.returnsErrors ? new Returned(error) : this.turnAway(error);
  }

  private turnAway(error: ShuttingDownError): Promise<never> {
    if (this.isAsynchronous) return reject(error);
    throw error;
  }

  private refusal(): ShuttingDownError {
    return refuse(this.runtime, this.method);
  }
}
