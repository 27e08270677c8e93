/* What `emitDecoratorMetadata` tells: whether a method returns a Promise. */
import { Cached, CircuitBreaker, Fallback, Resilient, Retry, Timeout, explain } from '../../src/index.js';
import { stacked, thrownBy, withoutSource } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

/** The emitted type of the only method of a class that `define` makes. */
const refused = (define: () => unknown): string => {
  const error = thrownBy(define);
  expect(error.name).toBe('ConfigurationError');
  return withoutSource(error.message);
};

const NEEDS = (name: string, policy = name): string =>
  `${name} on Orders.find: ${policy} needs a method that returns a Promise; make it async, or remove the policy`;

describe('an emitted return type that is not Promise refuses what needs one, at definition', () => {
  test('@Retry on a string', () => {
    expect(
      refused(() => {
        class Orders {
          @stacked(Retry())
          find(): string {
            return 'x';
          }
        }
        return Orders;
      }),
    ).toBe(NEEDS('@Retry'));
  });

  test('@Timeout on a number', () => {
    expect(
      refused(() => {
        class Orders {
          @stacked(Timeout('1s'))
          find(): number {
            return 1;
          }
        }
        return Orders;
      }),
    ).toBe(NEEDS('@Timeout'));
  });

  test.each([
    [
      'a boolean',
      () => {
        class Orders {
          @stacked(Retry()) find(): boolean {
            return true;
          }
        }
        return Orders;
      },
    ],
    [
      'an array',
      () => {
        class Orders {
          @stacked(Retry()) find(): string[] {
            return [];
          }
        }
        return Orders;
      },
    ],
    [
      'a Date',
      () => {
        class Orders {
          @stacked(Retry()) find(): Date {
            return new Date(0);
          }
        }
        return Orders;
      },
    ],
    [
      'a Map',
      () => {
        class Orders {
          @stacked(Retry()) find(): Map<string, string> {
            return new Map();
          }
        }
        return Orders;
      },
    ],
    [
      'a Set',
      () => {
        class Orders {
          @stacked(Retry()) find(): Set<string> {
            return new Set();
          }
        }
        return Orders;
      },
    ],
    [
      'a bigint',
      () => {
        class Orders {
          @stacked(Retry()) find(): bigint {
            return 1n;
          }
        }
        return Orders;
      },
    ],
    [
      'a symbol',
      () => {
        class Orders {
          @stacked(Retry()) find(): symbol {
            return Symbol.iterator;
          }
        }
        return Orders;
      },
    ],
    [
      'a static method',
      () => {
        class Orders {
          @stacked(Retry()) static find(): string {
            return '';
          }
        }
        return Orders;
      },
    ],
  ])('@Retry on %s', (_what, define) => {
    expect(refused(define)).toBe(NEEDS('@Retry'));
  });

  test('@Resilient with a retry', () => {
    expect(
      refused(() => {
        class Orders {
          @Resilient({ retry: true })
          find(): string {
            return 'x';
          }
        }
        return Orders;
      }),
    ).toBe(NEEDS('@Resilient', '@Retry'));
  });

  test('a class-level @Resilient that includes the method', () => {
    expect(
      refused(() => {
        @Resilient({ timeout: '1s', include: ['find'] })
        class Orders {
          @Cached()
          find(): string {
            return 'x';
          }
        }
        return Orders;
      }),
    ).toBe(NEEDS('@Resilient', '@Timeout'));
  });
});

describe('an emitted return type', () => {
  class Orders {
    @Retry()
    @Timeout('1s')
    promised(): Promise<string> {
      return Promise.resolve('x');
    }

    @Cached()
    @CircuitBreaker()
    @Fallback({ value: 'y' })
    text(): string {
      return 'x';
    }

    @Cached()
    unknown(): object {
      return Promise.resolve('x');
    }

    @Retry()
    anything(): any {
      return Promise.resolve('x');
    }
  }

  const kinds = () =>
    Object.fromEntries(explain(virtualWorld().own(new Orders())).methods.map(({ method, kind }) => [method, kind]));

  test('of Promise makes the method asynchronous from the start', () => {
    expect(kinds()['Orders.promised']).toBe('async');
  });

  test('of a value makes it synchronous from the start', () => {
    expect(kinds()['Orders.text']).toBe('sync');
    expect(virtualWorld().own(new Orders()).text()).toBe('x');
  });

  test('of object or any leaves it open: a policy, or the first promise, decides', async () => {
    expect([kinds()['Orders.unknown'], kinds()['Orders.anything']]).toEqual(['unknown', 'async']);
    const orders = virtualWorld().own(new Orders());
    await (orders.unknown() as Promise<string>);
    expect(kinds()['Orders.unknown']).toBe('async');
  });

  test('of a value refuses staleWhileRevalidate at the first call', () => {
    class Rates {
      @Cached({ staleWhileRevalidate: '1m' })
      find(): string {
        return 'x';
      }
    }
    expect(thrownBy(() => virtualWorld().own(new Rates()).find()).message).toBe(
      '@Cached on Rates.find: staleWhileRevalidate needs a method that returns a Promise; a synchronous one cannot be refreshed behind its caller',
    );
  });
});

describe('definition errors in this dialect name the class', () => {
  test('of an instance method', () => {
    expect(
      refused(() => {
        class Orders {
          @Retry({ maxAttempts: 0 })
          async find(): Promise<void> {}
        }
        return Orders;
      }),
    ).toBe('@Retry on Orders.find: maxAttempts must be >= 1, got 0');
  });

  test('of a static and a symbol-named one', () => {
    const key = Symbol('key');
    expect(
      refused(() => {
        class Orders {
          @Retry({ maxAttempts: 0 })
          static async find(): Promise<void> {}
        }
        return Orders;
      }),
    ).toBe('@Retry on Orders.find: maxAttempts must be >= 1, got 0');
    expect(
      refused(() => {
        class Orders {
          @Retry({ maxAttempts: 0 })
          async [key](): Promise<void> {}
        }
        return Orders;
      }),
    ).toBe('@Retry on Orders.[key]: maxAttempts must be >= 1, got 0');
  });

  test('a getter whose value is an asynchronous function is refused, though its type is accepted', () => {
    expect(
      refused(() => {
        class Orders {
          @Retry()
          get find(): () => Promise<void> {
            return async () => undefined;
          }
        }
        return Orders;
      }),
    ).toBe('@Retry on Orders.find: stands on a getter; move the work into a method');
  });
});
