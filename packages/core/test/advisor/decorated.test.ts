/** What the rules look at is what the policies really say of themselves. */
import {
  Bulkhead,
  Cached,
  CircuitBreaker,
  Fallback,
  Hedge,
  RateLimit,
  Resilient,
  Retry,
  Timeout,
  explain,
} from '../../src/index.js';
import { stacked } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

const codesOf = (...lines: unknown[]): string[] => {
  class Orders {
    @stacked(...lines)
    async find(): Promise<void> {}
  }
  return explain(virtualWorld().own(new Orders())).warnings.map(({ code }) => code);
};
const timeWindow = { type: 'time', duration: '10s' } as const;

test.each<[code: string, lines: unknown[]]>([
  ['RETRIES_OUTLIVE_TOTAL', [Retry(), Timeout({ attempt: '2s', total: '5s' })]],
  ['ONE_CALL_OPENS_CIRCUIT', [Retry({ maxAttempts: 5 }), CircuitBreaker(), Timeout('1s')]],
  ['WINDOW_SHORTER_THAN_TIMEOUT', [CircuitBreaker({ window: timeWindow }), Timeout('6s')]],
  [
    'BREAKER_CANNOT_OPEN',
    [CircuitBreaker({ window: timeWindow }), RateLimit({ limit: 5, interval: '1m' }), Timeout('1s')],
  ],
  ['BULKHEAD_WITHOUT_TIMEOUT', [Bulkhead()]],
  ['BULKHEAD_WITHOUT_TIMEOUT', [Bulkhead({ maxHold: '1s' })]],
  ['WAIT_OUTLIVES_TOTAL', [Bulkhead({ maxQueue: 1 }), Timeout({ total: '5s' })]],
  ['WAIT_OUTLIVES_TOTAL', [RateLimit({ limit: 1, interval: '1s', maxWait: '5s' }), Timeout({ total: '5s' })]],
  ['HEDGE_NEVER_STARTS', [Hedge({ after: '2s' }), Timeout('2s')]],
  [
    'FALLBACK_HIDES_FAILURES',
    [Resilient({ retry: true, fallback: { value: undefined }, order: ['retry', 'fallback'] })],
  ],
])('%s is found in what the decorators make (%#)', (code, lines) => {
  expect(codesOf(...lines)).toEqual([code]);
});

test.each<[what: string, lines: unknown[]]>([
  [
    'a bulkhead with a timeout',
    [Bulkhead({ maxQueue: 1, queueTimeout: '1s' }), Timeout({ attempt: '1s', total: '9s' })],
  ],
  ['a bulkhead in the shadow', [Bulkhead({ shadow: true })]],
  ['a bulkhead without a queue', [Bulkhead(), Timeout({ total: '2s' })]],
  ['a hedge that learns when to start', [Hedge(), Timeout('2s')]],
  [
    'a window with enough calls',
    [CircuitBreaker({ window: timeWindow }), RateLimit({ limit: 50, interval: '1s' }), Timeout('1s')],
  ],
  ['a fallback where it belongs', [Fallback({ value: undefined }), Retry()]],
])('nothing is found in %s', (_what, lines) => {
  expect(codesOf(...lines)).toEqual([]);
});

test('a cached write is told by verbs alone: order, post, place, charge and transfer are things as well', () => {
  const cachedMethods = [
    'saveUser',
    'createOrder',
    'delete',
    'order',
    'post',
    'place',
    'charge',
    'transfer',
    'orderById',
  ];
  const told = cachedMethods.filter((name) => {
    class Orders {}
    const descriptor = { value: async () => undefined, writable: true, configurable: true };
    Object.defineProperty(Orders.prototype, name, (Cached() as any)(Orders.prototype, name, descriptor));
    return explain(virtualWorld().own(new Orders())).warnings.some(({ code }) => code === 'CACHES_A_WRITE');
  });
  expect(told).toEqual(['saveUser', 'createOrder', 'delete']);
});
