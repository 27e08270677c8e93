import { adviseOn } from '../../src/advisor/advisor.js';
import { ADVICE_CODES } from '../../src/advisor/codes.js';
import { EXPLANATIONS } from '../../src/advisor/explanations.js';
import type { ExplainedStack, StackFacts } from '../../src/advisor/facts.js';
import type { Warning } from '../../src/advisor/warning.js';
import { worstCaseOf } from '../../src/advisor/worst-case.js';
import { MethodRecord } from '../../src/decorate/method-record.js';
import { read } from '../docs/markdown.js';

/** A stack by its policies' resolved options, in running order. */
const stackOf = (policies: Readonly<Record<string, Record<string, unknown>>>): ExplainedStack =>
  Object.entries(policies).map(([policy, options]) => ({ policy, options }));

const factsOf = (
  policies: Parameters<typeof stackOf>[0],
  { name = 'find', ...more }: Partial<StackFacts> & { name?: string } = {},
): StackFacts => ({
  record: new MethodRecord(async () => undefined, name, { isStatic: false, isPrivate: false, home: undefined }),
  kind: 'async',
  stack: stackOf(policies),
  amplification: 1,
  inner: undefined,
  ...more,
});

const warningsOf = (...given: Parameters<typeof factsOf>): readonly Warning[] =>
  adviseOn(factsOf(...given), 'Orders.find', new Set());
const codesOf = (...given: Parameters<typeof factsOf>): string[] => warningsOf(...given).map(({ code }) => code);
const sayingsOf = (...given: Parameters<typeof factsOf>): string[] =>
  warningsOf(...given).map(({ message, remedy }) => `${message}; ${remedy}`);

const attempt = (milliseconds: number) => ({ timeout: { attempt: milliseconds } });
const total = (milliseconds: number) => ({ 'total-timeout': { total: milliseconds } });
const retry = (maxAttempts: number, more = {}) => ({
  retry: { maxAttempts, delay: 500, maxDelay: 30_000, backoff: 'exponential', factor: 2, ...more },
});
const breaker = (more = {}) => ({
  'circuit-breaker': { failureThreshold: 5, window: { type: 'consecutive' }, recoveryTimeout: 30_000, ...more },
});
const timeWindow = (duration: number, minimumCalls = 20) => ({
  'circuit-breaker': { window: { type: 'time', duration, failureRate: 0.5, minimumCalls } },
});

describe('attempts and the total', () => {
  test('all fit: nothing is said', () => {
    expect(codesOf({ ...total(9_000), ...retry(3), ...attempt(2_000) })).toEqual([]);
    expect(codesOf({ ...total(7_500), ...retry(3), ...attempt(2_000) })).toEqual([]);
  });

  test('some do not fit when they time out: their number is told', () => {
    expect(sayingsOf({ ...total(7_499), ...retry(3), ...attempt(2_000) })).toEqual([
      '3 attempts that time out take 7.5 s, the call only 7.5 s: 2 of them fit; raise the total, or allow fewer or shorter attempts',
    ]);
    expect(sayingsOf({ ...total(5_000), ...retry(3), ...attempt(2_000) })).toEqual([
      '3 attempts that time out take 7.5 s, the call only 5 s: 2 of them fit; raise the total, or allow fewer or shorter attempts',
    ]);
  });

  test('not even one fits: only that is said', () => {
    expect(codesOf({ ...total(1_000), ...retry(3), ...attempt(2_000) })).toEqual(['ATTEMPT_OUTLIVES_TOTAL']);
  });

  test('endless attempts are bounded by the total on purpose', () => {
    expect(codesOf({ ...total(5_000), ...retry(Infinity), ...attempt(2_000) })).toEqual([]);
  });

  test('a backoff function is not called for advice', () => {
    const backoff = jest.fn(() => 1);
    expect(codesOf({ ...total(5_000), ...retry(3, { backoff, delay: 0 }), ...attempt(2_000) })).toEqual([
      'RETRIES_OUTLIVE_TOTAL',
    ]);
    expect(backoff).not.toHaveBeenCalled();
  });
});

describe('a circuit', () => {
  test('that one call’s attempts can open', () => {
    expect(sayingsOf({ ...retry(5), ...breaker(), ...attempt(1_000) })).toEqual([
      'one call makes up to 5 attempts, 5 failures in a row open the circuit; raise failureThreshold above 5, or use a window',
    ]);
    expect(codesOf({ ...retry(4), ...breaker(), ...attempt(1_000) })).toEqual([]);
    expect(codesOf({ ...breaker({ failureThreshold: 1 }), ...attempt(1_000) })).toEqual([]);
    expect(codesOf({ ...retry(Infinity), ...breaker(), ...attempt(1_000) })).toEqual([]);
    expect(codesOf({ ...retry(50), ...timeWindow(60_000), ...attempt(1_000) })).toEqual([]);
  });

  test('that looks back less than two timeouts', () => {
    expect(codesOf({ ...timeWindow(1_999), ...attempt(1_000) })).toEqual(['WINDOW_SHORTER_THAN_TIMEOUT']);
    expect(codesOf({ ...timeWindow(2_000), ...attempt(1_000) })).toEqual([]);
  });

  test('that a rate limit inside of it never lets judge', () => {
    const limited = (limit: number) => ({ 'rate-limit': { limit, interval: 60_000, burst: limit } });
    expect(sayingsOf({ ...timeWindow(10_000), ...limited(10), ...attempt(1_000) })).toEqual([
      'the circuit judges 20 calls or more in 10 s, the rate limit admits at most 12; lower minimumCalls below 12, or use a count window',
    ]);
    expect(codesOf({ ...timeWindow(10_000), ...limited(18), ...attempt(1_000) })).toEqual([]);
  });
});

describe('a hedge', () => {
  test.each([
    ['the attempt', attempt(1_000), 'a hedge is due after 1 s, the attempt ends after 1 s'],
    ['the call', total(900), 'a hedge is due after 1 s, the call ends after 900 ms'],
  ])('that is due when %s has ended', (_what, bound, message) => {
    const [warning] = warningsOf({ ...bound, hedge: { after: 1_000, maxHedges: 1 } });
    expect([warning?.code, warning?.message]).toEqual(['HEDGE_NEVER_STARTS', message]);
  });

  test('that has time, or learns when to start', () => {
    expect(codesOf({ hedge: { after: 999 }, ...attempt(1_000) })).toEqual([]);
    expect(codesOf({ hedge: { after: 'p95' }, ...attempt(1_000) })).toEqual([]);
    expect(codesOf({ hedge: { after: 1_000 } })).toEqual([]);
  });

  test('of a write', () => {
    expect(codesOf({ hedge: { after: 100 } }, { name: 'placeOrder' })).toEqual(['HEDGES_A_WRITE']);
  });
});

describe('places', () => {
  test('that hanging calls keep', () => {
    expect(sayingsOf({ bulkhead: { maxConcurrent: 10, maxQueue: 0 } })).toEqual([
      "after 10 calls that hang, no other call is admitted; add @Timeout('2s') and pass its signal on",
    ]);
    expect(codesOf({ bulkhead: { maxConcurrent: 10, maxHold: 5_000 } })).toEqual(['BULKHEAD_WITHOUT_TIMEOUT']);
    expect(codesOf({ bulkhead: { maxConcurrent: 10, shadow: true } })).toEqual([]);
    expect(codesOf({ bulkhead: { maxConcurrent: 10 }, ...attempt(1_000) })).toEqual([]);
  });

  test('that are waited for as long as the call may take', () => {
    const queue = { bulkhead: { maxConcurrent: 10, maxQueue: 5, queueTimeout: 5_000 } };
    expect(sayingsOf({ ...total(5_000), ...queue })).toEqual([
      'a call may wait 5 s for its place, the call may take 5 s in all; make the wait a fraction of the total',
    ]);
    expect(codesOf({ ...total(5_001), ...queue })).toEqual([]);
    expect(codesOf({ ...total(1_000), bulkhead: { maxConcurrent: 10, maxQueue: 0, queueTimeout: 5_000 } })).toEqual([]);
    expect(codesOf({ ...total(1_000), 'rate-limit': { limit: 5, interval: 1_000, maxWait: 1_000 } })).toEqual([
      'WAIT_OUTLIVES_TOTAL',
    ]);
  });
});

describe('structure', () => {
  test('a fallback that an order puts inside of what acts on failures', () => {
    const inside = (...outer: string[]) =>
      sayingsOf(Object.fromEntries([...outer, 'fallback'].map((policy) => [policy, {}])));
    expect(inside('retry')).toEqual([
      'the fallback stands inside of retry, which sees no failure; let the fallback stand outermost, as it does without order',
    ]);
    expect(inside('retry', 'hedge')[0]).toContain('retry and hedge, which see no failure');
    expect(inside('cached')).toEqual([]);
    expect(inside('invalidates')).toEqual([]);
  });

  test('retries inside of retries', () => {
    const inner = { method: 'Orders.find#2', stack: stackOf(retry(3)), isInherited: false };
    expect(warningsOf(retry(4), { inner, amplification: 12 }).map(({ message }) => message)).toEqual([
      '4 attempts outside of 3 inside, Orders.find#2: one call can run the method 12 times',
      'another decorator stands between ours: a second stack, Orders.find#2, runs inside of this one; one call can run the method 12 times',
    ]);
    expect(codesOf({}, { inner, amplification: 3 })).toEqual(['TWO_STACKS']);
  });

  test('a cached write', () => {
    expect(codesOf({ cached: {} }, { name: 'saveUser' })).toEqual(['CACHES_A_WRITE']);
    expect(codesOf({ cached: {} }, { name: 'orders' })).toEqual([]);
  });
});

describe('worst case', () => {
  test('counts what a call may wait for its place', () => {
    const queued = { bulkhead: { maxConcurrent: 1, maxQueue: 1, queueTimeout: 3_000 }, ...attempt(1_000) };
    expect(worstCaseOf(stackOf(queued))).toBe(4_000);
    expect(worstCaseOf(stackOf({ ...retry(2, { maxDelay: 500 }), ...queued }))).toBe(8_500);
    expect(worstCaseOf(stackOf({ 'rate-limit': { maxWait: 250 }, ...attempt(1_000) }))).toBe(1_250);
  });

  test('counts the hedges that begin late', () => {
    expect(worstCaseOf(stackOf({ hedge: { after: 400, maxHedges: 2 }, ...attempt(1_000) }))).toBe(1_800);
  });
});

describe('every finding', () => {
  test('says why, and where to read more', () => {
    const [warning] = warningsOf({ ...total(1_000), ...attempt(2_000) });
    expect(warning).toEqual({
      code: 'ATTEMPT_OUTLIVES_TOTAL',
      method: 'Orders.find',
      message: 'one attempt may take 2 s, the call only 1 s',
      remedy: 'make the attempt shorter than the total',
      explanation: 'The call ends before its first attempt can time out, so the attempt timeout does nothing.',
      docs: 'docs/advisor.md#attempt_outlives_total',
    });
  });

  test('can be silenced by its code', () => {
    const facts = factsOf({ ...total(1_000), ...attempt(2_000) });
    expect(adviseOn(facts, 'Orders.find', new Set(['ATTEMPT_OUTLIVES_TOTAL']))).toEqual([]);
    expect(adviseOn(facts, 'Orders.find', new Set(['TWO_STACKS']))).toHaveLength(1);
  });

  test('has its section in the documentation, in order', () => {
    const sections = [...read('docs/advisor.md').matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code);
    expect(sections).toEqual([...ADVICE_CODES]);
    for (const code of ADVICE_CODES) {
      expect(read('docs/advisor.md')).toContain(`### ${code}\n\n${EXPLANATIONS[code]}`);
    }
  });
});
