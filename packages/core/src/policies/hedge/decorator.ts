import type { RetryBudget } from '../../algorithms/retry-budget.js';
import type {
  AsyncMethodDecorator,
  ContextualAsyncMethodDecorator,
  Later,
  Settled,
} from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { type GivenBudget, budgetOf } from '../../pipeline/shared-budget.js';
import { HedgeInterceptor } from './interceptor.js';
import { HedgePace } from './machine.js';
import { type HedgeOptions, parseHedgeOptions, resolveHedgeOptions } from './options.js';
import { type HedgeCounts, HedgeTerms } from './terms.js';

const bind = (options: HedgeOptions<never>, binding: Binding): readonly BoundPiece[] => {
  const retry = binding.optionsOf('retry');
  const find = (given: GivenBudget | undefined): RetryBudget | undefined =>
    budgetOf(given, binding.runtime, binding.site);
  const retrys = find(retry?.['budget'] as GivenBudget | undefined);
  const budget = find(options.budget) ?? retrys;
  const settings = resolveHedgeOptions(options, budget, retry);
  const pace = binding.state('pace', () => new HedgePace(settings));
  pace.reconfigure(settings);
  const counts = binding.state<HedgeCounts>('counts', () => ({ launched: 0, won: 0, suppressed: 0 }));
  // Where a retry uses the same budget, it has counted the call already.
  const countsCalls = budget !== undefined && budget !== retrys;
  const interceptor = new HedgeInterceptor(new HedgeTerms(settings, binding, { pace, counts }), countsCalls);
  return [{ rank: RANKS.hedge, interceptor }];
};

export const hedgePolicy = /* @__PURE__ */ builtInPolicy({
  name: 'hedge',
  key: 'hedge',
  decorator: '@Hedge',
  isAsyncOnly: true,
  parse: parseHedgeOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Starts a second run of the method when the first takes longer than nearly all others do, and answers with whichever
 * brings an acceptable result first; the other is aborted through its signal. For methods that may run twice.
 * @throws ConfigurationError when the class is defined, on a wrong option or a method that returns no Promise.
 */
export function Hedge(): AsyncMethodDecorator;
export function Hedge<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: HedgeOptions<Later<Settled<Result>>>,
): ContextualAsyncMethodDecorator<Self, Legacy, Args, Result>;
export function Hedge(options: object = {}): unknown {
  return policyDecorator(hedgePolicy, options, Hedge);
}
