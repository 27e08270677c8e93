import { type Call, type CallFrame } from '../../pipeline/call.js';
import { attemptOf } from '../../pipeline/current-call.js';
import type { Interceptor, InterceptorFacts } from '../../pipeline/interceptor.js';
import type { BudgetAccount } from '../../pipeline/shared-budget.js';
import { HedgedCall } from './hedged-call.js';
import type { HedgePlan } from './plan.js';
import type { HedgeCounts, HedgeTerms } from './terms.js';

/** What `stats` reaches through the interceptor. */
export interface HedgeStats extends Readonly<HedgeCounts> {
  /** Milliseconds until a hedge is due; absent while there are too few latencies to tell. */
  readonly delay?: number;
}

export class HedgeInterceptor implements Interceptor {
  readonly policy = 'hedge';
  /** Each branch ends by itself when the call is interrupted. */
  readonly endsItsWaits = true;
  /** Absent where nothing may be hedged: then the policy costs nothing. */
  readonly around: ((call: Call, inside: CallFrame) => unknown) | undefined;
  private readonly terms: HedgeTerms;
  private readonly countsCalls: boolean;
  private plan: HedgePlan | undefined = undefined;

  /** @param countsCalls whether the budget is told of calls here, and not by the retry that shares it. */
  constructor(terms: HedgeTerms, countsCalls: boolean) {
    this.terms = terms;
    this.countsCalls = countsCalls;
    this.around = terms.settings.isIdempotent ? (call, inside) => this.run(call, inside) : undefined;
  }

  /** For `health()`. */
  get account(): BudgetAccount | undefined {
    return this.terms.account;
  }

  get handle(): HedgeStats {
    const { delay } = this.terms.pace;
    return { ...this.terms.counts, ...(delay !== undefined && { delay }) };
  }

  describe(): InterceptorFacts {
    const { settings, pace, binding } = this.terms;
    const { after, budget, retryOnResult: _retryOnResult, ...options } = settings;
    const shown = typeof after === 'number' ? after : `p${Number((after.share * 100).toFixed(3))}`;
    const budgetAvailable = budget?.available(binding.runtime.clock.now());
    return {
      options: { after: shown, ...options },
      state: {
        ...this.handle,
        ...(pace.isLearning && { samples: pace.samples }),
        ...(budgetAvailable !== undefined && { budgetAvailable }),
      },
    };
  }

  private run(call: Call, inside: CallFrame): unknown {
    const { terms } = this;
    if (this.countsCalls && attemptOf(call) === 1) terms.account?.recordCall(call.frame.runtime.clock.now());
    const { delay } = terms.pace;
    if (delay === undefined) return this.observe(call, inside);
    return new HedgedCall(call, inside, this.planFor(delay)).run();
  }

  /** No percentile yet: nothing is hedged, only timed. */
  private observe(call: Call, inside: CallFrame): unknown {
    const { clock } = call.frame.runtime;
    const startedAt = clock.now();
    const work = inside.runInside(call);
    if (!(work instanceof Promise)) return work;
    return work.then((value: unknown) => {
      this.terms.pace.answered(clock.now() - startedAt);
      return value;
    });
  }

  private planFor(delay: number): HedgePlan {
    if (this.plan?.delay !== delay) {
      const { terms } = this;
      this.plan = { terms, delay, list: terms.binding.runtime.timers.of(delay) };
    }
    return this.plan;
  }
}
