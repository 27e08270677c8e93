import * as fc from 'fast-check';
import { type RetryQuestion, decideRetry } from './machine.js';
import type { RetrySettings } from './options.js';

const settings = (changes: Partial<RetrySettings> = {}): RetrySettings =>
  ({
    maxAttempts: 3,
    delay: 500,
    maxDelay: 30_000,
    backoff: 'exponential',
    factor: 2,
    jitter: 'none',
    respectRetryAfter: true,
    maxRetryAfter: 60_000,
    maxElapsed: Infinity,
    ...changes,
  }) as RetrySettings;

const question = (changes: Partial<RetryQuestion> = {}): RetryQuestion => ({
  attempt: 1,
  retryAfter: undefined,
  elapsed: 0,
  remaining: Infinity,
  blockedFor: -Infinity,
  previousDelay: undefined,
  ...changes,
});

const half = (): number => 0.5;
const decide = (given: Partial<RetrySettings>, asked: Partial<RetryQuestion> = {}): unknown =>
  decideRetry(settings(given), question(asked), half);

describe('the decision to retry', () => {
  it('waits what the backoff says, until the attempts are used up', () => {
    expect([1, 2, 3].map((attempt) => decide({}, { attempt }))).toEqual([
      { delay: 500 },
      { delay: 1_000 },
      { refusal: 'attempts' },
    ]);
  });

  it('makes no second attempt where one is allowed', () => {
    expect(decide({ maxAttempts: 1 })).toEqual({ refusal: 'attempts' });
  });

  it('spreads the wait by the given randomness and remembers the delay before it', () => {
    expect(decide({ jitter: 'full' })).toEqual({ delay: 250 });
    expect(decide({ jitter: 'decorrelated' }, { previousDelay: 1_000 })).toEqual({ delay: 1_750 });
  });

  it('waits at least as long as the server asks', () => {
    expect(decide({}, { retryAfter: 2_000 })).toEqual({ delay: 2_000 });
    expect(decide({}, { retryAfter: 20 })).toEqual({ delay: 500 });
    expect(decide({ maxDelay: 1_000 }, { retryAfter: 5_000 })).toEqual({ delay: 5_000 });
  });

  it('gives up at once where the server asks for more than maxRetryAfter, and not for just that', () => {
    expect(decide({}, { retryAfter: 60_000 })).toEqual({ delay: 60_000 });
    expect(decide({}, { retryAfter: 60_001 })).toEqual({ refusal: 'retry-after' });
  });

  it('does not listen to the server where it is told not to', () => {
    expect(decide({ respectRetryAfter: false }, { retryAfter: 90_000 })).toEqual({ delay: 500 });
  });

  it('never sleeps to the end of the caller’s patience', () => {
    expect(decide({}, { remaining: 501 })).toEqual({ delay: 500 });
    expect(decide({}, { remaining: 500 })).toEqual({ refusal: 'deadline' });
  });

  it('never sleeps to the end of maxElapsed', () => {
    expect(decide({ maxElapsed: 1_000 }, { elapsed: 499 })).toEqual({ delay: 500 });
    expect(decide({ maxElapsed: 1_000 }, { elapsed: 500 })).toEqual({ refusal: 'elapsed' });
  });

  it('does not sleep towards a circuit that would still be open', () => {
    expect(decide({}, { blockedFor: 500 })).toEqual({ delay: 500 });
    expect(decide({}, { blockedFor: 501 })).toEqual({ refusal: 'blocked' });
  });

  it('lets a millisecond pass between attempts without end, so that others are served', () => {
    expect(decide({ maxAttempts: Infinity, delay: 0 })).toEqual({ delay: 1 });
    expect(decide({ maxAttempts: Infinity, delay: 0 }, { retryAfter: 7 })).toEqual({ delay: 7 });
    expect(decide({ maxAttempts: 3, delay: 0 })).toEqual({ delay: 0 });
  });

  it('names the first reason where several hold', () => {
    const all = { attempt: 3, retryAfter: 90_000, remaining: 0, elapsed: 9, blockedFor: Infinity };
    const given = { maxElapsed: 1 };
    const reasons = [all, { ...all, attempt: 1 }, { ...all, attempt: 1, retryAfter: 0 }].map((asked) =>
      decide(given, asked),
    );
    expect(reasons).toEqual([{ refusal: 'attempts' }, { refusal: 'retry-after' }, { refusal: 'deadline' }]);
    expect(decide(given, { ...all, attempt: 1, retryAfter: 0, remaining: Infinity })).toEqual({ refusal: 'elapsed' });
  });

  it('answers a delay that fits all bounds, or a reason, whatever is asked', () => {
    const times = fc.oneof(fc.nat(100_000), fc.constant(Infinity));
    fc.assert(
      fc.property(
        fc.record({ maxAttempts: fc.integer({ min: 1, max: 9 }), maxElapsed: times, maxRetryAfter: times }),
        fc.record({
          attempt: fc.integer({ min: 1, max: 9 }),
          retryAfter: fc.option(fc.nat(100_000), { nil: undefined }),
          elapsed: fc.nat(100_000),
          remaining: times,
          blockedFor: fc.integer({ min: -10, max: 100_000 }),
        }),
        (given, asked) => {
          const decision = decideRetry(settings(given), question(asked), half);
          if ('refusal' in decision) return;
          const { delay } = decision;
          expect(asked.attempt).toBeLessThan(given.maxAttempts);
          expect(delay).toBeGreaterThanOrEqual(asked.retryAfter ?? 0);
          expect(delay).toBeGreaterThanOrEqual(asked.blockedFor);
          expect(delay).toBeLessThan(asked.remaining);
          expect(asked.elapsed + delay).toBeLessThan(given.maxElapsed);
        },
      ),
    );
  });
});
