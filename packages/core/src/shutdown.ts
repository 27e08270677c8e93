import { type Duration, parseDuration } from './algorithms/duration.js';
import { allWork } from './decorate/all-work.js';
import { type OptionSite, checkOptions, duration } from './errors/option-check.js';
import { ClosedStack, refusalOf } from './pipeline/closed-stack.js';
import type { Runtime } from './runtime/runtime.js';

export interface ShutdownOptions {
  /** How long calls under way may take to end. Default '10s'. */
  readonly timeout?: Duration;
}

/** What was still under way when the time was up. */
export interface AbandonedWork {
  /** `Class.method`; for what runs without a method its `name`, or `ResultCache`. */
  readonly method: string;
  /** Calls, and loads that callers share. */
  readonly calls: number;
  /** Refreshes behind old values. */
  readonly refreshes: number;
  /** Results and invalidations on their way to a store; left out where there are none. */
  readonly writes?: number;
}

export interface ShutdownReport {
  /** True when nothing was left under way. */
  readonly drained: boolean;
  /** How long it was waited, in milliseconds. */
  readonly waitedMs: number;
  readonly abandoned: readonly AbandonedWork[];
}

const SITE: OptionSite = { decorator: 'shutdown' };
const SCHEMA = { timeout: duration({ infinite: true }) };

/**
 * Milliseconds between two looks. Nobody tells when the last call has ended: the calls would pay for it. A look from a
 * timer is exact, since a call that goes on to its next wait does so within one turn of the event loop.
 */
const BETWEEN_LOOKS = 10;

const workLeft = (runtime: Runtime): readonly AbandonedWork[] =>
  allWork(runtime).flatMap(({ label, work }) =>
    work.isIdle
      ? []
      : {
          method: label,
          calls: work.inFlight,
          refreshes: work.refreshes,
          ...(work.writes > 0 && { writes: work.writes }),
        },
  );

const drain = (runtime: Runtime, timeout: number): Promise<ShutdownReport> => {
  const { clock } = runtime;
  const startedAt = clock.now();
  return new Promise((resolve) => {
    const look = (): void => {
      const abandoned = workLeft(runtime);
      const waitedMs = clock.now() - startedAt;
      runtime.isDrained = abandoned.length === 0;
      if (runtime.isDrained || waitedMs >= timeout) resolve({ drained: runtime.isDrained, waitedMs, abandoned });
      else clock.setTimer(look, Math.min(BETWEEN_LOOKS, timeout - waitedMs));
    };
    clock.setTimer(look, 0);
  });
};

const underWay = new WeakMap<Runtime, Promise<ShutdownReport>>();

/** Forgets a shutdown: the runtime begins anew. */
export const forgetShutdown = (runtime: Runtime): void => {
  underWay.delete(runtime);
};

/** Refuses new calls of a runtime's methods and waits for those under way. Called again, it is the same shutdown. */
export const shutDown = (runtime: Runtime, options: ShutdownOptions = {}): Promise<ShutdownReport> => {
  const { timeout = '10s' } = checkOptions(SITE, SCHEMA, options) as ShutdownOptions;
  let report = underWay.get(runtime);
  if (report === undefined) {
    runtime.isDrained = false;
    runtime.close({ stack: ClosedStack, refusalOf });
    report = drain(runtime, parseDuration(timeout));
    underWay.set(runtime, report);
  }
  return report;
};
