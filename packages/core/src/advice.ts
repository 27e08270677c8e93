import type { MethodRecord } from './decorate/method-record.js';
import { formatDuration, parseDuration } from './algorithms/duration.js';
import type { ChaosShares } from './policies/chaos/machine.js';
import { CHAOS_IN_PRODUCTION, chaosWarning } from './policies/chaos/production.js';
import { isProduction } from './runtime/system.js';
import type { MethodKind } from './pipeline/stack.js';

/** A stack that is allowed and probably not meant. */
export interface Warning {
  readonly code: string;
  readonly method: string;
  /** What is wrong, with numbers. */
  readonly message: string;
  readonly remedy: string;
}

interface Facts {
  readonly method: string;
  readonly kind: MethodKind;
  readonly stack: readonly {
    readonly policy: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly state?: unknown;
  }[];
  readonly amplification: number;
  /** Another stack that runs inside of this one, and whether it is that of an overridden method. */
  readonly inner?: string;
  readonly isInherited?: boolean;
}

type Advice = (facts: Facts, record: MethodRecord) => Omit<Warning, 'method'> | undefined;

const numberOf = ({ stack }: Facts, policy: string, option: string): number | undefined => {
  const value = stack.find((each) => each.policy === policy)?.options[option];
  return typeof value === 'number' ? value : undefined;
};

const has = ({ stack }: Facts, policy: string): boolean => stack.some((each) => each.policy === policy);

const LOOKS_LIKE_SECONDS = 1000;

/** Whoever comes from libraries that count seconds writes 300 and means five minutes. */
const looksLikeSeconds: Advice = (_facts, record) => {
  for (const { policies } of record.layers) {
    for (const [key, option] of [
      ['cache', 'ttl'],
      ['circuitBreaker', 'recoveryTimeout'],
      ['retry', 'delay'],
    ] as const) {
      const options = policies[key];
      const value = options === false || options === undefined ? undefined : options[option];
      const limit = key === 'retry' ? LOOKS_LIKE_SECONDS / 100 : LOOKS_LIKE_SECONDS;
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

const attemptOutlivesTotal: Advice = (facts) => {
  const attempt = numberOf(facts, 'timeout', 'attempt');
  const total = numberOf(facts, 'total-timeout', 'total');
  if (attempt === undefined || total === undefined || attempt < total) return undefined;
  return {
    code: 'ATTEMPT_OUTLIVES_TOTAL',
    message: `one attempt may take ${formatDuration(attempt)}, the call only ${formatDuration(total)}`,
    remedy: 'make the attempt shorter than the total',
  };
};

/** A verb alone or in front of a further word: `add`, `addItem`, not `address`. */
const WRITES = /^#?(create|add|insert|save|place|charge|pay|send|post|submit|transfer|delete|remove|order)(?![a-z])/;

const retriesWrite: Advice = (facts, record) => {
  const retry = facts.stack.find(({ policy }) => policy === 'retry');
  if (retry === undefined || retry.options['isIdempotent'] === false || !WRITES.test(record.name)) return undefined;
  return {
    code: 'RETRIES_A_WRITE',
    message: `'${record.name}' sounds like a write and is repeated after failures`,
    remedy: 'set idempotent: false, or make the write idempotent and keep it',
  };
};

const hedgesWrite: Advice = (facts, record) => {
  const hedge = facts.stack.find(({ policy }) => policy === 'hedge');
  if (hedge === undefined || hedge.options['isIdempotent'] === false || !WRITES.test(record.name)) return undefined;
  return {
    code: 'HEDGES_A_WRITE',
    message: `'${record.name}' sounds like a write and may run twice at once`,
    remedy: 'set idempotent: false, or make the write idempotent and keep it',
  };
};

const hedgeNeverStarts: Advice = (facts) => {
  const after = numberOf(facts, 'hedge', 'after');
  const attempt = numberOf(facts, 'timeout', 'attempt');
  if (after === undefined || attempt === undefined || after < attempt) return undefined;
  return {
    code: 'HEDGE_NEVER_STARTS',
    message: `a hedge starts after ${formatDuration(after)}, the attempt ends after ${formatDuration(attempt)}`,
    remedy: "make after shorter than the attempt, or a percentile such as 'p95'",
  };
};

const unboundedWait: Advice = (facts) => {
  if (facts.kind !== 'async') return undefined;
  if (!has(facts, 'circuit-breaker') || has(facts, 'timeout') || has(facts, 'total-timeout')) return undefined;
  return {
    code: 'BREAKER_WITHOUT_TIMEOUT',
    message: 'calls that hang never fail, so the circuit never opens for them',
    remedy: "add @Timeout('2s')",
  };
};

const nestedStacks: Advice = ({ inner, isInherited, amplification }) => {
  if (inner === undefined) return undefined;
  const runs = amplification === 1 ? '' : `; one call can run the method ${amplification} times`;
  return isInherited === true
    ? {
        code: 'DECORATED_OVER_DECORATED',
        message: `the overridden method's own stack, ${inner}, runs inside of this one${runs}`,
        remedy: 'decorate one of the two',
      }
    : {
        code: 'TWO_STACKS',
        message: `another decorator stands between ours: a second stack, ${inner}, runs inside of this one${runs}`,
        remedy: 'write the lines of Holdfast next to each other',
      };
};

/** Calls that end after the window has passed them are never together in it. */
const windowShorterThanCall: Advice = (facts) => {
  const breaker = facts.stack.find(({ policy }) => policy === 'circuit-breaker');
  const window = breaker?.options['window'] as { type?: string; duration?: unknown } | undefined;
  const attempt = numberOf(facts, 'timeout', 'attempt');
  const span = window?.type === 'time' ? parseDuration(window.duration) : NaN;
  if (attempt === undefined || !(span < attempt)) return undefined;
  return {
    code: 'WINDOW_SHORTER_THAN_TIMEOUT',
    message: `the circuit looks back ${formatDuration(span)}, one attempt may take ${formatDuration(attempt)}`,
    remedy: 'make the window several times as long as the timeout',
  };
};

const chaosInProduction: Advice = ({ stack }) => {
  const chaos = stack.find(({ policy }) => policy === 'chaos');
  if (chaos?.state !== 'on' || !isProduction()) return undefined;
  return { code: CHAOS_IN_PRODUCTION, ...chaosWarning(chaos.options['rate'] as ChaosShares) };
};

/** It may be switched on long after the first call: the policy itself tells, when it has an effect. */
export const isToldByPolicy = ({ code }: Warning): boolean => code === CHAOS_IN_PRODUCTION;

const ALL: readonly Advice[] = [
  looksLikeSeconds,
  attemptOutlivesTotal,
  windowShorterThanCall,
  retriesWrite,
  hedgesWrite,
  hedgeNeverStarts,
  unboundedWait,
  nestedStacks,
  chaosInProduction,
];

export const adviseOn = (facts: Facts, record: MethodRecord): readonly Warning[] =>
  ALL.flatMap((advice) => {
    const found = advice(facts, record);
    return found === undefined ? [] : [{ ...found, method: facts.method }];
  });
