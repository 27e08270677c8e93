import { Cached, CircuitBreaker, Fallback, Resilient, Retry, Timeout, definePolicy } from '../../src/index.js';
import { dialect, stacked, thrownBy, withoutSource } from '../support/dialect.js';

const GENERATOR = 'stands on a generator, whose result can be consumed only once; return an array or a Promise of one';
const where = (method: string): string => (dialect === 'legacy' ? `Orders.${method}` : method);
const messageOf = (define: () => unknown): string => {
  const error = thrownBy(define);
  expect(error).toMatchObject({ name: 'ConfigurationError', code: 'CONFIGURATION' });
  return withoutSource(error.message);
};

describe('a decorator refuses', () => {
  test('a generator', () => {
    expect(
      messageOf(() => {
        class Orders {
          @stacked(Cached())
          *all(): Generator<number> {
            yield 1;
          }
        }
        return Orders;
      }),
    ).toBe(`@Cached on ${where('all')}: ${GENERATOR}`);
  });

  test('an async generator', () => {
    expect(
      messageOf(() => {
        class Orders {
          @stacked(Retry())
          async *all(): AsyncGenerator<number> {
            yield 1;
          }
        }
        return Orders;
      }),
    ).toBe(`@Retry on ${where('all')}: ${GENERATOR}`);
  });

  test('a class, unless it is @Resilient', () => {
    for (const [name, decorator] of [
      ['@Retry', Retry()],
      ['@Cached', Cached()],
      ['@CircuitBreaker', CircuitBreaker()],
      ['@Timeout', Timeout('1s')],
      ['@Fallback', Fallback({ value: 1 as never })],
    ] as const) {
      expect(
        messageOf(() => {
          @(decorator as any)
          class Orders {}
          return Orders;
        }),
      ).toBe(`${name} on Orders: stands on a class; write it above a method; above a class stands @Resilient`);
    }
  });

  test('a getter', () => {
    expect(
      messageOf(() => {
        class Orders {
          @(Cached() as any)
          get size(): number {
            return 1;
          }
        }
        return Orders;
      }),
    ).toBe(`@Cached on ${where('size')}: stands on a getter; move the work into a method`);
  });

  test('a setter', () => {
    expect(
      messageOf(() => {
        class Orders {
          @(Cached() as any)
          set size(_value: number) {}
        }
        return Orders;
      }),
    ).toBe(
      `@Cached on ${where('size')}: stands on a ${dialect === 'legacy' ? 'getter' : 'setter'}; move the work into a method`,
    );
  });

  test('a static getter', () => {
    expect(
      messageOf(() => {
        class Orders {
          @(Retry() as any)
          static get size(): number {
            return 1;
          }
        }
        return Orders;
      }),
    ).toBe(`@Retry on ${where('size')}: stands on a getter; move the work into a method`);
  });

  test('a field with an arrow function', () => {
    expect(
      messageOf(() => {
        class Orders {
          @(Retry() as any)
          find = async (): Promise<void> => undefined;
        }
        return new Orders();
      }),
    ).toBe(
      `@Retry on ${where('find')}: stands on a field; write it as a method, or wrap the function with resilient(fn, options)`,
    );
  });

  test('a static field', () => {
    expect(
      messageOf(() => {
        class Orders {
          @(Resilient({ retry: true }) as any)
          static limit = 5;
        }
        return Orders;
      }),
    ).toBe(
      `@Resilient on ${where('limit')}: stands on a field; write it as a method, or wrap the function with resilient(fn, options)`,
    );
  });

  test('to be written without parentheses', () => {
    const error = thrownBy(() => {
      class Orders {
        @(Retry as any)
        async find(): Promise<void> {}
      }
      return Orders;
    });
    expect(error.name).toBe('ConfigurationError');
    expect(error.message).toMatch(/^@Retry: .*write @Retry\(\) with parentheses/);
  });

  test('to be written without parentheses above a static method', () => {
    const error = thrownBy(() => {
      class Orders {
        @(Cached as any)
        static async find(): Promise<void> {}
      }
      return Orders;
    });
    expect(error.name).toBe('ConfigurationError');
    expect(error.message).toMatch(/write @Cached\(\) with parentheses/);
  });

  test('@Resilient without parentheses, above a class or a method', () => {
    expect(
      messageOf(() => {
        @(Resilient as any)
        class Orders {}
        return Orders;
      }),
    ).toBe('@Resilient: write @Resilient(…) with parentheses and options');
    expect(
      messageOf(() => {
        class Orders {
          @(Resilient as any)
          async find(): Promise<void> {}
        }
        return Orders;
      }),
    ).toMatch(/^@Resilient: write @Resilient\(…?\) with parentheses/);
  });

  test("a user's policy without parentheses", () => {
    const Bare = definePolicy<undefined>({ name: 'bare', bind: () => ({}) });
    expect(
      messageOf(() => {
        class Orders {
          @(Bare as any)
          async find(): Promise<void> {}
        }
        return Orders;
      }),
    ).toBe('@Bare: write @Bare() with parentheses');
  });

  test.each([
    ['nothing', []],
    ['a value', [5]],
    ['an object alone', [{}]],
    ['undefined and a number', [undefined, 5]],
  ])('to be called with %s', (_what, given) => {
    expect(messageOf(() => (Retry() as any)(...given))).toBe(
      '@Retry: was called without a method; write @Retry(…) above one',
    );
  });

  test('a parameter', () => {
    class Orders {
      async find(_id: string): Promise<void> {}
    }
    expect(messageOf(() => (Retry() as any)(Orders.prototype, 'find', 0))).toBe(
      '@Retry on Orders.find: stands on a parameter; write it above the method',
    );
    expect(messageOf(() => (Retry() as any)(Orders, undefined, 0))).toBe(
      '@Retry: was called without a method; write @Retry(…) above one',
    );
  });

  test('a property that holds no function', () => {
    const target = { limit: 5 };
    expect(messageOf(() => (Retry() as any)(target, 'limit', Object.getOwnPropertyDescriptor(target, 'limit')))).toBe(
      '@Retry on Object.limit: stands on a field; write it as a method, or wrap the function with resilient(fn, options)',
    );
  });

  test('every kind of member of the standard dialect but methods', () => {
    const kinds = {
      getter: 'move the work into a method',
      setter: 'move the work into a method',
      accessor: 'move the work into a method',
      field: 'write it as a method, or wrap the function with resilient(fn, options)',
      class: 'write it above a method; above a class stands @Resilient',
      'something new': 'write it above a method',
    };
    for (const [kind, remedy] of Object.entries(kinds))
      expect(messageOf(() => (Retry() as any)(undefined, { kind, name: 'find' }))).toBe(
        `@Retry on find: stands on ${kind === 'accessor' ? 'an' : 'a'} ${kind}; ${remedy}`,
      );
  });
});

describe('a method that was decorated by hand', () => {
  test('in the legacy way without a descriptor is found on the prototype', async () => {
    class Orders {
      async find(): Promise<string> {
        return 'x';
      }
    }
    const descriptor = (Retry() as any)(Orders.prototype, 'find') as PropertyDescriptor;
    Object.defineProperty(Orders.prototype, 'find', descriptor);
    await expect(new Orders().find()).resolves.toBe('x');
  });

  test('in the standard way on a plain function', async () => {
    const wrapped = (Retry() as any)(async () => 'x', { kind: 'method', name: 'find', static: false, private: false });
    await expect(wrapped()).resolves.toBe('x');
  });
});
