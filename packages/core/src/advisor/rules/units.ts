import type { Rule } from '../warning.js';

const LOOKS_LIKE_SECONDS = 1000;

/** Options that people give in seconds elsewhere, and the number from which on they are plausible milliseconds. */
const DURATIONS = [
  ['cache', 'ttl', LOOKS_LIKE_SECONDS],
  ['circuitBreaker', 'recoveryTimeout', LOOKS_LIKE_SECONDS],
  ['retry', 'delay', LOOKS_LIKE_SECONDS / 100],
  ['rateLimit', 'interval', LOOKS_LIKE_SECONDS / 10],
] as const;

/** Whoever comes from libraries that count seconds writes 300 and means five minutes. */
export const looksLikeSeconds: Rule = ({ record }) => {
  for (const { policies } of record.layers) {
    for (const [key, option, limit] of DURATIONS) {
      const options = policies[key];
      const value = options === false || options === undefined ? undefined : options[option];
      if (typeof value !== 'number' || value <= 0 || value >= limit) continue;
      return {
        code: 'LOOKS_LIKE_SECONDS',
        message: `${key}.${option} is ${value} milliseconds`,
        remedy: `if you meant seconds, write seconds(${value}) or '${value}s'`,
      };
    }
  }
  return undefined;
};
