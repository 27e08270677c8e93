import { isProduction } from '../../runtime/system.js';
import type { ChaosShares } from '../../policies/chaos/machine.js';
import { CHAOS_IN_PRODUCTION, chaosWarning } from '../../policies/chaos/production.js';
import { policyIn } from '../facts.js';
import type { Rule } from '../warning.js';

/** In `explain()` only: chaos may be switched on long after the first call, and tells itself when it has an effect. */
export const chaosInProduction: Rule = ({ stack }) => {
  const chaos = policyIn(stack, 'chaos');
  if (chaos?.state !== 'on' || !isProduction()) return undefined;
  return { code: CHAOS_IN_PRODUCTION, ...chaosWarning(chaos.options['rate'] as ChaosShares) };
};

export const isToldByPolicy = (code: string): boolean => code === CHAOS_IN_PRODUCTION;
