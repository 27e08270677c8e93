import type { Binding } from '../../pipeline/policy.js';

/** Code of the advisor's warning: shown only where a result was seen, so the policy itself tells. */
const CODE = 'CACHES_SINGLE_USE';

/** Tells once per method that its results can be read only once, and so are never cached. */
export const adviseOnSingleUse = ({ runtime, method, state }: Binding): void => {
  const advice = state('single-use advice', () => ({ isDue: true }));
  if (!advice.isDue || runtime.settings.silenced.includes(CODE)) return;
  advice.isDue = false;
  runtime.events.emit('advisor.warned', method, {
    code: CODE,
    message: 'the method returns what can be read only once: nothing is cached; return what the body says instead',
    docs: 'docs/advisor.md#caches_single_use',
  });
};
