import {
  ConfigurationError,
  Hedge,
  Resilient,
  Retry,
  RetryBudget,
  Timeout,
  currentCall,
  explain,
  resilient,
} from '../../src/index.js';
import { thrownBy, withoutSource } from '../support/dialect.js';
import { errorOf, virtualWorld } from '../support/virtual-world.js';

test('the line above a method hedges it; this, arguments and each branch’s own signal are as they should be', async () => {
  const { own, clock, events } = virtualWorld();
  const signals: AbortSignal[] = [];
  class Api {
    prefix = 'product';
    @Hedge({ after: '50ms' })
    async load(id: number): Promise<string> {
      const { signal, attempt } = currentCall();
      signals.push(signal);
      const run = signals.length;
      await clock.sleep(run === 1 ? 500 : 30);
      return `${this.prefix} ${id}, run ${run}, attempt ${attempt}`;
    }
  }
  expect(await clock.until(own(new Api()).load(7))).toBe('product 7, run 2, attempt 1');
  expect([signals.map(({ aborted }) => aborted), clock.now()]).toEqual([[true, false], 80]);
  expect(events.of('hedge.won')).toMatchObject([{ method: 'Api.load', hedge: 1, durationMs: 80 }]);
});

test('@Resilient, a function, configure and explain know it', async () => {
  const { own, runtime } = virtualWorld();
  class Api {
    @Resilient({ hedge: true, timeout: '2s', retry: { maxAttempts: 2, delay: 100, jitter: 'none', maxDelay: 100 } })
    async load(): Promise<number> {
      return 1;
    }
  }
  const api = own(new Api());
  expect(await api.load()).toBe(1);
  const [first] = explain(api).methods;
  expect(first?.stack.map(({ policy }) => policy)).toEqual(['retry', 'hedge', 'timeout']);
  expect(first?.stack[1]).toMatchObject({
    options: { after: 'p95', maxHedges: 1, isIdempotent: true },
    state: { launched: 0, won: 0, suppressed: 0, samples: 1 },
  });
  expect([first?.amplification, first?.worstCaseMs]).toEqual([4, 8_100]);
  runtime.configure({ defaults: { hedge: { after: '300ms', maxHedges: 2 } } });
  const [second] = explain(api).methods;
  expect([second?.amplification, second?.worstCaseMs]).toEqual([6, 2 * 2_600 + 100]);
  const fn = resilient(async (x: number) => x + 1, { hedge: { after: '1s' } });
  expect(await fn(2)).toBe(3);
});

test('what @Retry says of repeating holds for hedges too, unless they say otherwise', async () => {
  const { own, clock } = virtualWorld();
  const budget = new RetryBudget({ ratio: 1, minPerSecond: 0 });
  class Api {
    runs = 0;
    @Retry({ idempotent: false })
    @Hedge({ after: 10 })
    async once(): Promise<number> {
      this.runs += 1;
      await clock.sleep(100);
      return this.runs;
    }
    @Retry({ idempotent: false, budget })
    @Hedge({ after: 10, idempotent: true })
    async twice(): Promise<number> {
      this.runs += 1;
      await clock.sleep(100);
      return this.runs;
    }
  }
  const api = own(new Api());
  expect([await clock.until(api.once()), await clock.until(api.twice()), api.runs]).toEqual([1, 3, 3]);
  expect(budget.available(clock.now())).toBe(0);
});

test('a method that sounds like a write, and a hedge that never starts, are warned of', () => {
  class Orders {
    @Hedge({ after: '2s' })
    @Timeout('2s')
    async place(): Promise<void> {}
    @Hedge({ idempotent: false })
    async charge(): Promise<void> {}
  }
  const { warnings } = explain(virtualWorld().own(new Orders()));
  expect(warnings.map(({ code, method }) => [code, method])).toEqual([
    ['HEDGE_NEVER_STARTS', 'Orders.place'],
    ['HEDGES_A_WRITE', 'Orders.place'],
  ]);
});

test.each([
  [() => Hedge({ after: 'p40' }), "after must be a percentile from 'p50' to 'p99.999', or a duration"],
  [() => Hedge({ after: -1 }), 'after must be a percentile'],
  [() => Hedge({ after: Infinity }), "after must be a percentile from 'p50' to 'p99.999', or finite, got Infinity"],
  [() => Hedge({ maxHedges: 0 }), 'maxHedges must be >= 1, got 0'],
  [() => Hedge({ maxHedges: 11 }), 'maxHedges must be <= 10, got 11'],
  [() => Hedge({ accept: true } as object), 'accept must be a function, got true'],
  [() => Hedge({ hedgeOn: 503 } as object), 'hedgeOn must be an array, got 503'],
  [() => Hedge({ budget: {} } as object), 'budget must be a RetryBudget'],
  [() => Hedge({ maxHedge: 1 } as object), "maxHedge is not an option; did you mean 'maxHedges'?"],
])('wrong options are told when the class is defined (%#)', (line, problem) => {
  const error = thrownBy(() => {
    class Api {
      @(line() as any)
      async load(): Promise<void> {}
    }
    return Api;
  });
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(withoutSource(error.message)).toContain(problem);
  expect(withoutSource(error.message)).toContain('@Hedge on');
});

test('a call of a method that fails on the spot rejects', async () => {
  const { own } = virtualWorld();
  class Api {
    @Hedge({ after: 10 })
    load(): Promise<void> {
      throw new Error('on the spot');
    }
  }
  expect(await errorOf(own(new Api()).load())).toMatchObject({ message: 'on the spot' });
});
