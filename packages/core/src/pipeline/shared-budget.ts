import { closest } from '../algorithms/edit-distance.js';
import { type RetryBudget, isRetryBudget } from '../algorithms/retry-budget.js';
import { type Check, type OptionSite, configurationError, text } from '../errors/option-check.js';
import type { Runtime } from '../runtime/runtime.js';

/** A budget as policies are given it: the object itself, or the name of one of `configure({ budgets })`. */
export type GivenBudget = RetryBudget | string;

export const budgetCheck: Check = (value) =>
  isRetryBudget(value) || text(value) === undefined
    ? undefined
    : 'must be a RetryBudget: new RetryBudget({ ratio, minPerSecond }), or the name of one of configure({ budgets })';

/** @throws ConfigurationError when there is no budget of that name. */
export const budgetOf = (
  given: GivenBudget | undefined,
  { settings }: Runtime,
  site: OptionSite,
): RetryBudget | undefined => {
  if (typeof given !== 'string') return given;
  const known = Object.hasOwn(settings.budgets, given) ? settings.budgets[given] : undefined;
  if (known !== undefined) return known;
  const hint = closest(given, Object.keys(settings.budgets));
  const remedy =
    hint === undefined
      ? `configure({ budgets: { '${given}': { … } } }) before the first call`
      : `did you mean '${hint}'?`;
  throw configurationError(site, `there is no budget named '${given}'; ${remedy}`, 'budget');
};

/** Where a method's policies keep their accounts; what changes in the budget is told in the method's name. */
export class BudgetAccount {
  readonly budget: RetryBudget;
  private readonly method: string;
  private readonly runtime: Runtime;

  constructor(budget: RetryBudget, { method, runtime }: { readonly method: string; readonly runtime: Runtime }) {
    this.budget = budget;
    this.method = method;
    this.runtime = runtime;
  }

  /** The budget's own name, else that of this method. */
  get name(): string {
    return this.budget.name ?? this.method;
  }

  /** A call began. */
  recordCall(now: number): void {
    this.budget.recordCall(now);
    this.tellOfRecovery(now);
  }

  /** Takes one retry or hedge from the budget, if there is one. */
  withdraw(now: number): boolean {
    const { budget, method, runtime, name } = this;
    this.tellOfRecovery(now);
    const wasExhausted = budget.isExhausted;
    const isGranted = budget.withdraw(now);
    if (!isGranted && !wasExhausted) runtime.events.emit('budget.exhausted', method, { budget: name });
    return isGranted;
  }

  /** What was taken has come to nothing. */
  refund(now: number): void {
    this.budget.refund(now);
  }

  private tellOfRecovery(now: number): void {
    const { budget, method, runtime, name } = this;
    if (budget.isExhausted && budget.recovers(now))
      runtime.events.emit('budget.recovered', method, { budget: name, available: budget.available(now) });
  }
}
