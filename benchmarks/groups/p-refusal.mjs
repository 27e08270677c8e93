/** A circuit that is open, a limit that is full: the call is refused, and the caller catches the refusal. */
import { decorated } from '../contenders/ours.mjs';
import { bareMethod } from '../contenders/plain.mjs';
import { openPeers } from '../contenders/policies.mjs';
import { core } from '../lib/core.mjs';
import { defineClass } from '../lib/driver.mjs';
import { runMethods } from '../lib/group.mjs';

const { AdaptiveConcurrency, CircuitBreaker, CircuitOpenError, ConcurrencyLimitError, callOutcome, circuitOf } = core;

const failing = (index, text, scope) => new (defineClass(`Failing${index}`, text, scope))();

const ready = new Error('open');

const HANGS = -1;
const MAY_HANG = `async m(id) { return id === ${HANGS} ? new Promise(() => {}) : id + 1; }`;

const CONTENDERS = [
  { ...bareMethod, expected: (value, [id]) => value === id + 1 },
  {
    name: 'floor: an error that is ready',
    make: (index) => failing(index, 'm() { return Promise.reject(ready); }', { ready }),
  },
  {
    // A promise that is rejected before anyone can have asked for it is announced to Node and taken back.
    name: 'floor: the same, a microtask later',
    make: (index) =>
      failing(index, 'm() { return settled.then(fail); }', {
        settled: Promise.resolve(),
        fail: () => {
          throw ready;
        },
      }),
  },
  {
    name: 'async method, new Error with its stack',
    make: (index) => failing(index, "async m() { throw new Error('open'); }", {}),
  },
  {
    row: 'P',
    name: '@CircuitBreaker, open',
    ours: true,
    goal: { ratio: 8, timers: 0 },
    make: (index) => {
      const service = decorated(index, [CircuitBreaker({ recoveryTimeout: '1h' })]);
      circuitOf(service, 'm').open();
      return service;
    },
    expected: (value) => value instanceof CircuitOpenError,
  },
  {
    name: 'the same, asked with callOutcome',
    ours: true,
    make: (index) => {
      const service = decorated(index, [CircuitBreaker({ recoveryTimeout: '1h' })]);
      circuitOf(service, 'm').open();
      return failing(index, "m(id) { return callOutcome(service, 'm', id); }", { callOutcome, service });
    },
    expected: ({ error }) => error instanceof CircuitOpenError,
  },
  {
    row: 'P',
    name: '@AdaptiveConcurrency, full',
    ours: true,
    goal: { ratio: 8, timers: 0 },
    make: (index) => {
      const service = decorated(index, [AdaptiveConcurrency({ max: 1 })], MAY_HANG);
      void service.m(HANGS);
      return service;
    },
    expected: (value) => value instanceof ConcurrencyLimitError,
  },
  ...openPeers,
];

export const refusal = {
  run: (options) =>
    runMethods(
      {
        contenders: CONTENDERS,
        argumentsOf: () => Array.from({ length: 64 }, (_, id) => [id]),
        expected: (value) => value instanceof Error,
        isCaught: true,
      },
      options,
    ),
};
