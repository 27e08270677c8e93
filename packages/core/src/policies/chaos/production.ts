import type { ChaosShares } from './machine.js';

/** Code of the advisor's warning. */
export const CHAOS_IN_PRODUCTION = 'CHAOS_IN_PRODUCTION';
export const CHAOS_DOCS = 'docs/advisor.md#chaos_in_production';

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** What is said where calls are disturbed with `NODE_ENV=production`. */
export const chaosWarning = (shares: ChaosShares): { readonly message: string; readonly remedy: string } => {
  const rate = shares.fault + shares.latency + shares.result;
  return {
    message: `@Chaos is on and disturbs ${percent(rate)} of the calls, with NODE_ENV=production`,
    remedy: 'set HOLDFAST_CHAOS_ENABLED=false, or configure({ defaults: { chaos: { enabled: false } } })',
  };
};
