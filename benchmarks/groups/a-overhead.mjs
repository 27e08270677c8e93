import { decorated, wrappedOneByOne } from '../contenders/ours.mjs';
import { bareMethod, oneThen, plainHedge } from '../contenders/plain.mjs';
import { RATE, rateLimitPeers, singlePolicyPeers, stackPeers, timeoutPeers } from '../contenders/policies.mjs';
import { core } from '../lib/core.mjs';
import { runMethods } from '../lib/group.mjs';

const {
  AdaptiveConcurrency,
  AdaptiveThrottle,
  Bulkhead,
  Chaos,
  CircuitBreaker,
  Fallback,
  Hedge,
  RateLimit,
  Retry,
  Timeout,
} = core;

const SINGLE = { ratio: 1.9, bytes: 650, promises: 2, ticks: 2, timers: 0 };

const ours = (row, name, decorators, goal) => ({
  row,
  name,
  ours: true,
  goal,
  make: (index) => decorated(index, decorators()),
});

const stack = () => [Fallback({ value: 0 }), Retry(), CircuitBreaker(), Bulkhead(), Timeout('2s')];

export const overhead = {
  run: (options) =>
    runMethods(
      {
        contenders: [
          bareMethod,
          oneThen,
          ours('A1', '@Retry', () => [Retry()], SINGLE),
          ours('A1', '@CircuitBreaker', () => [CircuitBreaker()], SINGLE),
          ours('A1', '@Bulkhead', () => [Bulkhead()], SINGLE),
          ours('A1', '@Fallback', () => [Fallback({ value: 0 })], SINGLE),
          ours('A1', '@AdaptiveConcurrency', () => [AdaptiveConcurrency()], SINGLE),
          ours('A1', '@AdaptiveThrottle', () => [AdaptiveThrottle()], SINGLE),
          ours('A1', '@Chaos, off', () => [Chaos({ fault: 503 })], { promises: 1, ticks: 1, timers: 0 }),
          ours('A3', '@RateLimit', () => [RateLimit({ limit: RATE, interval: '1s' })], {
            ratio: 1.8,
            promises: 1,
            ticks: 1,
            timers: 0,
          }),
          ours('A4', '@Timeout', () => [Timeout('2s')], { ratio: 4, timers: 0 }),
          ours('A5', '@Fallback @Retry @CircuitBreaker @Bulkhead @Timeout', stack, {
            ratio: 4.5,
            bytes: 1_000,
            promises: 3,
            ticks: 2,
            timers: 0,
          }),
          ...singlePolicyPeers,
          ...rateLimitPeers,
          ...timeoutPeers,
          ...stackPeers,
        ],
        argumentsOf: () => Array.from({ length: 64 }, (_, id) => [id]),
        expected: (value, [id]) => value === id + 1,
      },
      options,
    ),
};

/** No peer hedges beside its first call without sharing one signal among all calls. */
export const hedged = {
  run: (options) =>
    runMethods(
      {
        contenders: [
          bareMethod,
          ours('A7', '@Hedge, fixed delay', () => [Hedge({ after: '2s' })], { timers: 0 }),
          ours('A7', '@Hedge, 95th percentile', () => [Hedge()]),
          plainHedge,
        ],
        argumentsOf: () => Array.from({ length: 64 }, (_, id) => [id]),
        expected: (value, [id]) => value === id + 1,
      },
      options,
    ),
};

const oneByOne = [
  { fallback: { value: 0 } },
  { retry: true },
  { circuitBreaker: true },
  { bulkhead: true },
  { timeout: '2s' },
];

export const fused = {
  run: (options) =>
    runMethods(
      {
        contenders: [
          { name: 'five wrappers of ours', make: (index) => wrappedOneByOne(index, oneByOne) },
          ours('A6', 'the same as one stack', stack, { ratio: 0.6 }),
        ],
        argumentsOf: () => Array.from({ length: 64 }, (_, id) => [id]),
        expected: (value, [id]) => value === id + 1,
      },
      options,
    ),
};
