import { Cached, CircuitBreaker, Retry, cacheOf, circuitOf, configure, resetConfiguration } from '../../src/index.js';
import { thrownBy } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

class Catalog {
  @Cached()
  async product(id: string): Promise<string> {
    return id;
  }

  @Cached({ scope: 'class' })
  async shared(id: string): Promise<string> {
    return id;
  }

  @CircuitBreaker()
  @Retry()
  async place(): Promise<void> {}

  async plain(): Promise<void> {}
}

beforeAll(() => configure({ logger: false }));
afterAll(resetConfiguration);

describe('a handle finds the method', () => {
  test('of an instance, and of a class for what its instances share', async () => {
    const catalog = virtualWorld().own(new Catalog());
    await catalog.product('1');
    expect(cacheOf(catalog, 'product').peek('1')).toBe('1');
    expect(circuitOf(catalog, 'place').state).toBe('closed');
    expect(circuitOf(Catalog, 'place').state).toBe('closed');
    expect(cacheOf(Catalog, 'shared').keys()).toEqual([]);
  });

  test('of a subclass, where the base class declares it', async () => {
    class Special extends Catalog {}
    const special = virtualWorld().own(new Special());
    await special.shared('1');
    expect(cacheOf(special, 'shared').peek('1')).toBe('1');
  });

  test('not where an override without policies hides it', () => {
    class Bare extends Catalog {
      override async product(): Promise<string> {
        return 'bare';
      }
    }
    expect(thrownBy(() => cacheOf(new Bare(), 'product')).message).toBe(
      "cacheOf: Bare has no decorated method 'product'; put a decorator above it, or check the spelling",
    );
  });
});

describe('a handle says what is wrong', () => {
  const instances =
    "cacheOf: every instance has its own cache of Catalog.product; give an instance, or set scope: 'class'";
  test.each([
    [
      'cacheOf of undefined',
      () => cacheOf(undefined as never, 'x' as never),
      'cacheOf: needs an instance or a class, got undefined',
    ],
    ['cacheOf of null', () => cacheOf(null as never, 'x' as never), 'cacheOf: needs an instance or a class, got null'],
    [
      'cacheOf of a text',
      () => cacheOf('Catalog' as never, 'x' as never),
      "cacheOf: needs an instance or a class, got 'Catalog'",
    ],
    ['circuitOf of null', () => circuitOf(null as never, 'x'), 'circuitOf: needs an instance or a class, got null'],
    [
      'a typo',
      () => cacheOf(new Catalog(), 'prodct' as never),
      "cacheOf: Catalog has no decorated method 'prodct'; put a decorator above it, or check the spelling",
    ],
    [
      'an undecorated method',
      () => cacheOf(new Catalog(), 'plain'),
      "cacheOf: Catalog has no decorated method 'plain'; put a decorator above it, or check the spelling",
    ],
    [
      'a symbol',
      () => circuitOf<() => void>(new Catalog(), Symbol('x')),
      "circuitOf: Catalog has no decorated method 'Symbol(x)'; put a decorator above it, or check the spelling",
    ],
    [
      'an object without a class',
      () => circuitOf<() => void>(Object.create(null) as object, 'x'),
      "circuitOf: object has no decorated method 'x'; put a decorator above it, or check the spelling",
    ],
    [
      'a private method too early',
      () => circuitOf<() => void>(new Catalog(), '#x'),
      "circuitOf: Catalog has no decorated method '#x'; a private method is known after its first call",
    ],
    [
      'a method without a cache',
      () => cacheOf(new Catalog(), 'place'),
      'cacheOf: Catalog.place has no @Cached; add one, or enable the framework',
    ],
    [
      'a method without a circuit',
      () => circuitOf(new Catalog(), 'product'),
      'circuitOf: Catalog.product has no @CircuitBreaker; add one, or enable the framework',
    ],
    ['a class whose instances have caches of their own', () => cacheOf(Catalog, 'product').peek('1'), instances],
  ])('for %s', (_what, find, message) => {
    expect(thrownBy(() => virtualWorld().runtime.run<unknown>(find))).toMatchObject({
      name: 'ConfigurationError',
      message,
    });
  });
});
