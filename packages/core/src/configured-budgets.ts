import { RetryBudget } from './algorithms/retry-budget.js';
import { type OptionSite, checkOptions, finite } from './errors/option-check.js';
import type { Settings } from './runtime/runtime.js';

const BUDGET = { ratio: finite(0), minPerSecond: finite(0) };

/** A budget on new terms goes on with the calls and retries of the one it follows. */
export const parseBudgets = (
  given: Readonly<Record<string, unknown>>,
  present: Settings['budgets'],
  site: OptionSite,
): Settings['budgets'] =>
  Object.fromEntries(
    Object.entries(given).map(([name, terms]) => {
      const at = { ...site, decorator: `${site.decorator} budgets.${name}` };
      const options = { ...checkOptions(at, BUDGET, terms), name };
      return [name, present[name]?.onTerms(options) ?? new RetryBudget(options)];
    }),
  );
