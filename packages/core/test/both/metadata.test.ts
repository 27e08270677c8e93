import 'reflect-metadata';
import { METADATA_KEY, type RecordedPolicies, Resilient, Retry, Timeout, explain } from '../../src/index.js';
import { dialect } from '../support/dialect.js';

type Published = Record<PropertyKey, readonly RecordedPolicies[]>;

const symbolMetadata = Symbol.for('test/metadata');
const symbol = Symbol as unknown as { metadata?: symbol };
const before = symbol.metadata;

beforeAll(() => {
  if (symbol.metadata === undefined)
    Object.defineProperty(Symbol, 'metadata', { value: symbolMetadata, configurable: true });
});
afterAll(() => {
  if (before === undefined) delete symbol.metadata;
});

const define = () => {
  class Base {
    @Retry({ maxAttempts: 2 })
    async base(): Promise<void> {}
  }

  @Resilient({ circuitBreaker: true, exclude: ['quiet'] })
  class Orders extends Base {
    @Timeout('1s')
    @Resilient('patient')
    async find(): Promise<void> {}

    @Retry()
    async quiet(): Promise<void> {}

    @Retry()
    static async all(): Promise<void> {}
  }
  return { Base, Orders };
};

const recorded = (Class: new () => object, key: string, isStatic = false): readonly RecordedPolicies[] | undefined => {
  if (dialect === 'legacy')
    return Reflect.getMetadata(METADATA_KEY, isStatic ? Class : (Class.prototype as object), key) as never;
  const metadata = (Class as unknown as Record<symbol, Record<symbol, Published>>)[symbol.metadata as symbol];
  return metadata?.[METADATA_KEY]?.[key];
};

const kinds = (layers: readonly RecordedPolicies[] | undefined) =>
  layers?.map(({ source, named, policies }) => [source, named, policies]);

describe('what decorators recorded is published for other tools', () => {
  test('under a key that every copy of the package shares', () => {
    expect(METADATA_KEY).toBe(Symbol.for('@holdfast/policies'));
  });

  test('line by line, from the method upwards, with source, name and options', () => {
    const { Orders } = define();
    expect(kinds(recorded(Orders, 'find'))).toEqual([
      ['method', 'patient', {}],
      ['direct', undefined, { timeout: { attempt: '1s' } }],
      ['class', undefined, { circuitBreaker: {} }],
    ]);
    expect(kinds(recorded(Orders, 'quiet'))).toEqual([['direct', undefined, { retry: {} }]]);
  });

  test('for static methods', () => {
    expect(kinds(recorded(define().Orders, 'all', true))).toEqual([['direct', undefined, { retry: {} }]]);
  });

  test('for inherited methods', () => {
    const { Base, Orders } = define();
    expect(kinds(recorded(Orders, 'base'))).toEqual(kinds(recorded(Base, 'base')));
    expect(recorded(Base, 'find')).toBeUndefined();
  });

  test('with the objects inside of them as they were when the class was defined', () => {
    const given = {
      cache: { staleIfError: { maxStale: 5 }, ttlBounds: { min: 1, max: 5 } },
      retry: { jitter: { kind: 'proportional', ratio: 0.5 } },
      circuitBreaker: { window: { type: 'count', size: 5 }, slowCall: { duration: 5, rate: 0.5 } },
    } as const;
    const asDefined = structuredClone(given);
    class Orders {
      @Resilient({ ...given, timeout: '1m' })
      async find(): Promise<void> {}
    }
    const inside = [
      given.cache.staleIfError,
      given.cache.ttlBounds,
      given.retry.jitter,
      given.circuitBreaker.window,
      given.circuitBreaker.slowCall,
    ] as Record<string, unknown>[];
    for (const each of inside) for (const name of Object.keys(each)) each[name] = -1;
    const stack = explain(new Orders()).methods[0]?.stack ?? [];
    expect(Object.fromEntries(stack.map(({ policy, options }) => [policy, options]))).toMatchObject({
      cached: { staleIfError: 5, ttlRules: { bounds: { min: 1, max: 5 } } },
      retry: { jitter: asDefined.retry.jitter },
      'circuit-breaker': asDefined.circuitBreaker,
    });
  });

  test('frozen', () => {
    const layers = recorded(define().Orders, 'find');
    expect(Object.isFrozen(layers)).toBe(true);
    expect(Object.isFrozen(layers?.[1])).toBe(true);
    expect(Object.isFrozen(layers?.[1]?.policies)).toBe(true);
    expect(Object.isFrozen(layers?.[1]?.policies['timeout'])).toBe(true);
  });

  test('nothing where nobody decorated', () => {
    class Plain {
      async find(): Promise<void> {}
    }
    expect(Reflect.getMetadata(METADATA_KEY, Plain.prototype, 'find')).toBeUndefined();
  });
});
