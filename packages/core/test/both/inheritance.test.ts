import { Cached, CircuitBreaker, Resilient, Retry, cacheOf, circuitOf, explain } from '../../src/index.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

const fast = { maxAttempts: 3, delay: 0 } as const;

class Base {
  calls = 0;
  ownCalls = 0;

  @Retry(fast)
  async load(): Promise<string> {
    this.calls += 1;
    throw coded('ECONNRESET');
  }

  @Retry(fast)
  async inherited(): Promise<string> {
    this.calls += 1;
    throw coded('ECONNRESET');
  }
}

class Undecorated extends Base {
  override async load(): Promise<string> {
    this.ownCalls += 1;
    throw coded('ECONNRESET');
  }
}

class CallsSuper extends Base {
  override async load(): Promise<string> {
    this.ownCalls += 1;
    return super.load();
  }
}

class DecoratedOver extends Base {
  @Retry(fast)
  override async load(): Promise<string> {
    this.ownCalls += 1;
    return super.load();
  }
}

class DecoratedAnew extends Base {
  @Retry({ maxAttempts: 2, delay: 0 })
  override async load(): Promise<string> {
    this.ownCalls += 1;
    throw coded('ECONNRESET');
  }
}

const failed = async (Class: new () => Base, name: 'load' | 'inherited' = 'load') => {
  const world = virtualWorld();
  const instance = world.own(new Class());
  await world.clock.until(settledOf(instance[name]()));
  return { calls: instance.calls, ownCalls: instance.ownCalls, instance, world };
};

describe('inheritance', () => {
  test('an inherited method keeps its policies', async () => {
    expect(await failed(Undecorated, 'inherited')).toMatchObject({ calls: 3 });
  });

  test('an undecorated override has no policies', async () => {
    expect(await failed(Undecorated)).toMatchObject({ ownCalls: 1, calls: 0 });
    expect(explain(Undecorated).methods.map(({ method }) => method)).toEqual(['Undecorated.inherited']);
  });

  test("super.m() runs the parent's stack", async () => {
    expect(await failed(CallsSuper)).toMatchObject({ ownCalls: 1, calls: 3 });
  });

  test('a decorated override has policies of its own, the parent keeps its own', async () => {
    expect(await failed(DecoratedAnew)).toMatchObject({ ownCalls: 2, calls: 0 });
    expect(await failed(Base)).toMatchObject({ calls: 3 });
  });

  test('decorated over decorated multiplies: 3 × 3, and the advisor says so once it has been seen', async () => {
    const { calls, ownCalls, instance } = await failed(DecoratedOver);
    expect({ calls, ownCalls }).toEqual({ calls: 9, ownCalls: 3 });
    const { methods, warnings } = explain(instance);
    expect(methods.map(({ method, amplification }) => [method, amplification])).toEqual([
      ['DecoratedOver.load', 9],
      ['DecoratedOver.load#2', 3],
      ['DecoratedOver.inherited', 3],
    ]);
    expect(warnings.filter(({ code }) => code === 'DECORATED_OVER_DECORATED')).toEqual([
      {
        code: 'DECORATED_OVER_DECORATED',
        method: 'DecoratedOver.load',
        message:
          "the overridden method's own stack, DecoratedOver.load#2, runs inside of this one; one call can run the method 9 times",
        remedy: 'decorate one of the two',
        explanation: expect.stringContaining('An overridden method'),
        docs: 'docs/advisor.md#decorated_over_decorated',
      },
    ]);
  });

  test('an override that does not call super is not warned about', async () => {
    const { instance } = await failed(DecoratedAnew);
    expect(explain(instance).warnings).toEqual([]);
  });

  test('a mixin decorates each class that it makes on its own', async () => {
    const Loading = (Parent: new () => object) => {
      class Mixed extends Parent {
        calls = 0;

        load(): Promise<string> {
          this.calls += 1;
          return Promise.reject(coded('ECONNRESET'));
        }
      }
      return Resilient({ retry: fast, include: ['load'] })(Mixed as never) ?? Mixed;
    };
    const First = Loading(class {}) as new () => Base;
    const Second = Loading(class {}) as new () => Base;
    expect(await failed(First)).toMatchObject({ calls: 3 });
    expect(await failed(Second)).toMatchObject({ calls: 3 });
  });
});

describe('the concrete class', () => {
  class Repository {
    failing = false;
    calls = 0;

    @Cached({ scope: 'class' })
    async byId(id: string): Promise<string> {
      this.calls += 1;
      return `${this.constructor.name} ${id}`;
    }

    @CircuitBreaker({ failureThreshold: 1 })
    async save(): Promise<string> {
      if (this.failing) throw coded('ECONNRESET');
      return 'saved';
    }
  }
  class Users extends Repository {}
  class Orders extends Repository {}

  test("a base repository's cache of scope 'class' does not mix users and orders", async () => {
    const { own } = virtualWorld();
    const [users, moreUsers, orders] = [own(new Users()), own(new Users()), own(new Orders())];
    expect(await users.byId('1')).toBe('Users 1');
    expect(await orders.byId('1')).toBe('Orders 1');
    expect(await moreUsers.byId('1')).toBe('Users 1');
    expect([users.calls, moreUsers.calls, orders.calls]).toEqual([1, 0, 1]);
    expect(cacheOf(users, 'byId').peek('1')).toBe('Users 1');
    expect(cacheOf(orders, 'byId').peek('1')).toBe('Orders 1');
  });

  test('a base repository has one circuit per concrete class, shared by its instances', async () => {
    const { own } = virtualWorld();
    const [users, moreUsers, orders] = [own(new Users()), own(new Users()), own(new Orders())];
    users.failing = true;
    await expect(users.save()).rejects.toThrow('ECONNRESET');
    await expect(moreUsers.save()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', method: 'Users.save' });
    await expect(orders.save()).resolves.toBe('saved');
    expect(circuitOf(users, 'save').name).toBe('Users.save');
    expect(circuitOf(orders, 'save').name).toBe('Orders.save');
  });

  test('the base class itself is one of them', async () => {
    const { own } = virtualWorld();
    const [plain, users] = [own(new Repository()), own(new Users())];
    plain.failing = true;
    await expect(plain.save()).rejects.toThrow('ECONNRESET');
    await expect(users.save()).resolves.toBe('saved');
  });

  test('two classes of one name do not share: the name is only a label, made unique by an ordinal', async () => {
    const make = () => {
      class Svc {
        failing = false;

        @CircuitBreaker({ failureThreshold: 1 })
        async run(): Promise<string> {
          if (this.failing) throw coded('ECONNRESET');
          return 'fine';
        }
      }
      return Svc;
    };
    const { own, runtime } = virtualWorld();
    const [first, second] = [own(new (make())()), own(new (make())())];
    first.failing = true;
    await expect(first.run()).rejects.toThrow('ECONNRESET');
    await expect(second.run()).resolves.toBe('fine');
    expect(Object.keys(runtime.health().circuits)).toEqual(['Svc.run', 'Svc.run#2']);
  });

  test('caches belong to instances by default', async () => {
    class Tenant {
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }

      @Cached()
      async secret(): Promise<string> {
        return this.name;
      }
    }
    const { own } = virtualWorld();
    expect(await own(new Tenant('a')).secret()).toBe('a');
    expect(await own(new Tenant('b')).secret()).toBe('b');
  });

  test('an object made from an instance uses the stack of its class', async () => {
    const { own } = virtualWorld();
    const users = own(new Users());
    const derived = own(Object.create(users) as Users);
    users.failing = true;
    await expect(users.save()).rejects.toThrow('ECONNRESET');
    await expect(derived.save()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', method: 'Users.save' });
  });
});

describe('static and symbol-named methods', () => {
  const key = Symbol('key');

  class Registry {
    static calls = 0;

    @Cached()
    static async all(id: string): Promise<string> {
      this.calls += 1;
      return `${this.name} ${id}`;
    }

    @Cached()
    static async [key](id: string): Promise<string> {
      this.calls += 1;
      return id;
    }

    @Cached()
    async all(id: string): Promise<string> {
      return `instance ${id}`;
    }

    @Retry()
    async [key](): Promise<string> {
      return 'symbol';
    }
  }
  class Special extends Registry {
    static override calls = 0;
  }

  test('a static method has its cache on the class, a subclass its own', async () => {
    const { own } = virtualWorld();
    own(Registry);
    own(Special);
    expect(await Registry.all('1')).toBe('Registry 1');
    expect(await Registry.all('1')).toBe('Registry 1');
    expect(await Special.all('1')).toBe('Special 1');
    expect([Registry.calls, Special.calls]).toEqual([1, 1]);
    expect(cacheOf(Registry, 'all').peek('1')).toBe('Registry 1');
    expect(cacheOf(Special, 'all').peek('1')).toBe('Special 1');
  });

  test('a static and an instance method of one name are strangers', async () => {
    const { own } = virtualWorld();
    own(Registry);
    const instance = own(new Registry());
    expect(await instance.all('9')).toBe('instance 9');
    expect(await Registry.all('9')).toBe('Registry 9');
  });

  test('symbol-named methods work and are shown by their description', async () => {
    const { own } = virtualWorld();
    own(Registry);
    expect(await Registry[key]('1')).toBe('1');
    expect(await own(new Registry())[key]()).toBe('symbol');
    expect(
      explain(Registry)
        .methods.map(({ method }) => method)
        .sort(),
    ).toEqual(['Registry.[key]', 'Registry.[key]#2', 'Registry.all', 'Registry.all#2']);
  });

  test('a static method works without its class', async () => {
    const { all } = Special as { all: (this: unknown, id: string) => Promise<string> };
    await expect(all.call({ name: 'borrowed', calls: 0 }, '1')).resolves.toBe('borrowed 1');
  });
});
