import { Cached, CircuitBreaker, Retry, Timeout, explain } from '../../src/index.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

const log: string[] = [];

/** A decorator of somebody else's that wraps the method. */
const foreign = (first: any, second: any, third?: PropertyDescriptor): any => {
  const inner = typeof second === 'object' ? first : third?.value;
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    log.push('foreign');
    return inner.apply(this, args);
  };
  if (typeof second === 'object') return wrapper;
  return { ...third, value: wrapper };
};

beforeEach(() => {
  log.length = 0;
});

describe('a foreign wrapping decorator between two of ours', () => {
  class Orders {
    calls = 0;

    @Retry({ maxAttempts: 3, delay: 0 })
    @Timeout('1s')
    @foreign
    @CircuitBreaker({ failureThreshold: 2 })
    @Cached()
    async find(): Promise<string> {
      this.calls += 1;
      throw coded('ECONNRESET');
    }

    @foreign
    @Retry({ maxAttempts: 3, delay: 0 })
    async outside(): Promise<string> {
      this.calls += 1;
      throw coded('ECONNRESET');
    }

    @Retry({ maxAttempts: 3, delay: 0 })
    @foreign
    async inside(): Promise<string> {
      this.calls += 1;
      throw coded('ECONNRESET');
    }
  }

  test('makes two stacks, each in canonical order, and both act', async () => {
    const world = virtualWorld();
    const orders = world.own(new Orders());
    expect(await world.clock.until(settledOf(orders.find()))).toMatchObject({ error: { code: 'ECONNRESET' } });
    expect(log).toHaveLength(3);
    expect(orders.calls).toBe(2);
  });

  test('is shown by explain() with both stacks, and the advisor warns', async () => {
    const world = virtualWorld();
    const orders = world.own(new Orders());
    await world.clock.until(settledOf(orders.find()));
    const { methods, warnings } = explain(orders);
    expect(
      methods
        .filter(({ method }) => method.includes('find'))
        .map(({ method, stack }) => [method, stack.map(({ policy }) => policy)]),
    ).toEqual([
      ['Orders.find', ['retry', 'timeout']],
      ['Orders.find#2', ['cached', 'circuit-breaker']],
    ]);
    expect(warnings.find(({ code }) => code === 'TWO_STACKS')).toEqual({
      code: 'TWO_STACKS',
      method: 'Orders.find',
      message:
        'another decorator stands between ours: a second stack, Orders.find#2, runs inside of this one; one call can run the method 3 times',
      remedy: 'write the lines of Holdfast next to each other',
      explanation: expect.stringContaining('splits the stack'),
      docs: 'docs/advisor.md#two_stacks',
    });
  });

  test('outside of all ours it runs once per call, and inside once per attempt', async () => {
    const world = virtualWorld();
    const orders = world.own(new Orders());
    await world.clock.until(settledOf(orders.outside()));
    expect([log.length, orders.calls]).toEqual([1, 3]);
    await world.clock.until(settledOf(orders.inside()));
    expect([log.length, orders.calls]).toEqual([4, 6]);
  });

  test('two equal lines on both sides of it are two stacks, not a repetition', async () => {
    class Twice {
      calls = 0;

      @Retry({ maxAttempts: 2, delay: 0 })
      @foreign
      @Retry({ maxAttempts: 2, delay: 0 })
      async find(): Promise<void> {
        this.calls += 1;
        throw coded('ECONNRESET');
      }
    }
    const world = virtualWorld();
    const twice = world.own(new Twice());
    await world.clock.until(settledOf(twice.find()));
    expect(twice.calls).toBe(4);
    expect(explain(twice).methods.map(({ amplification }) => amplification)).toEqual([4, 2]);
  });
});
