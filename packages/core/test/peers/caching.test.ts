import { Cached, Timeout, currentCall } from '../../src/index.js';
import { Counter, cached, handleOf } from '../cache/support.js';
import { cellOf } from '../cache/table-check.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

/** What caches elsewhere are known to get wrong, as rules that hold here. The letters are those of our own list. */

const DOWN = coded('ECONNREFUSED');

describe('stale windows', () => {
  test('B1 a stale window shorter than the ttl does not shorten the ttl', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '2s', staleIfError: '300ms' }, counter.load);
    await service.get('a');
    await world.clock.advance(1999);
    expect(await service.get('a')).toBe(1);
    expect(counter.calls).toBe(1);
  });

  test('B2 back-to-back reads of a stale entry whose source fails cost one call per pause, counted from now', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1s', staleIfError: '1h', staleErrorThrottle: '5s' }, counter.load);
    await service.get('a');
    counter.failure = DOWN;
    await world.clock.advance(600_000);
    for (let read = 0; read < 5; read += 1) expect(await service.get('a')).toBe(1);
    expect(counter.calls).toBe(2);
    await world.clock.advance(5000);
    for (let read = 0; read < 5; read += 1) expect(await service.get('a')).toBe(1);
    expect(counter.calls).toBe(3);
  });

  test('B3 failures do not prolong staleness: the end of the window is the end', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: 200, staleIfError: 300, staleErrorThrottle: 10 }, counter.load);
    await service.get('a');
    counter.failure = DOWN;
    await world.clock.advance(200);
    for (let elapsed = 200; elapsed < 500; elapsed += 50) {
      expect(await service.get('a')).toBe(1);
      await world.clock.advance(50);
    }
    await expect(service.get('a')).rejects.toBe(DOWN);
  });

  test('B3 nor do failed refreshes in the background', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: 200, staleWhileRevalidate: 300, staleErrorThrottle: 10 }, counter.load);
    await service.get('a');
    counter.failure = DOWN;
    for (let elapsed = 0; elapsed < 500; elapsed += 50) {
      expect(await service.get('a')).toBe(1);
      await world.clock.advance(50);
    }
    await expect(service.get('a')).rejects.toBe(DOWN);
  });

  test('B6 a refresh knows the value that it replaces, for a conditional request', async () => {
    const world = virtualWorld();
    const seen: unknown[] = [];
    const service = cached(world, { ttl: '1s', staleWhileRevalidate: '1m' }, () => {
      seen.push(currentCall().cache?.stale?.value);
      return { etag: seen.length };
    });
    await service.get('a');
    await world.clock.advance(1000);
    await service.get('a');
    expect(seen).toEqual([undefined, { etag: 1 }]);
  });

  test('E2 a stale answer on error works without a window for revalidation, and is held back', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1s', staleIfError: '1h' }, counter.load);
    await service.get('a');
    counter.failure = DOWN;
    await world.clock.advance(1000);
    expect([await service.get('a'), await service.get('a')]).toEqual([1, 1]);
    expect(counter.calls).toBe(2);
  });
});

describe('loads', () => {
  test('B4 20 callers of a failing load cost one call and wait for one, and no second load starts beside it', async () => {
    const world = virtualWorld();
    let calls = 0;
    let running = 0;
    let most = 0;
    const service = cached(world, {}, async () => {
      calls += 1;
      running += 1;
      most = Math.max(most, running);
      await world.clock.sleep(50);
      running -= 1;
      throw DOWN;
    });
    const all = Promise.all(Array.from({ length: 20 }, () => settledOf(service.get('a'))));
    const outcomes = await world.clock.until(all);
    expect(outcomes.every((outcome) => 'error' in outcome && outcome.error === DOWN)).toBe(true);
    expect([calls, most, world.clock.now()]).toEqual([1, 1, 50]);
  });

  test('C2 a load that fails rejects: it does not become undefined, and its error is never a value', async () => {
    const counter = new Counter();
    counter.failure = DOWN;
    const service = cached(virtualWorld(), { negativeTtl: '1m' }, counter.load);
    expect(await settledOf(service.get('a'))).toEqual({ error: DOWN });
    expect(await settledOf(service.get('a'))).toEqual({ error: DOWN });
    expect(handleOf(service).stats.size).toBe(0);
  });

  test('C2 an Error that is returned is a value like others', async () => {
    const counter = new Counter();
    const service = cached(virtualWorld(), {}, () => (counter.load(), DOWN));
    expect([await service.get('a'), await service.get('a')]).toEqual([DOWN, DOWN]);
    expect(counter.calls).toBe(1);
  });

  test.each([0, '', false, null, undefined])('C3 %p is a hit', async (value) => {
    const counter = new Counter();
    const service = cached(virtualWorld(), {}, () => (counter.load(), value));
    await service.get('a');
    await service.get('a');
    expect(counter.calls).toBe(1);
  });

  test('P1 more loads under way than entries: none is rejected or lost to its callers', async () => {
    const world = virtualWorld();
    const service = cached(world, { maxSize: 2 }, async (id: number) => {
      await world.clock.sleep(10);
      return id;
    });
    const ids = Array.from({ length: 50 }, (_, id) => id);
    const answers = Promise.all([...ids, ...ids].map((id) => service.get(id)));
    expect(await world.clock.until(answers)).toEqual([...ids, ...ids]);
    expect(handleOf(service).stats).toMatchObject({ size: 2, misses: 50, coalesced: 50 });
    expect(cellOf(service).flights.size).toBe(0);
  });

  test('a load that never ends does not hold its key for ever: the caller’s total timeout frees it', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, {}, () => ((calls += 1) === 1 ? new Promise(() => undefined) : 'second'), {
      lines: [Timeout({ total: '1s' })],
    });
    const first = settledOf(service.get('a'));
    await world.clock.advance(1000);
    expect(await first).toMatchObject({ error: { code: 'TIMED_OUT' } });
    expect(await service.get('a')).toBe('second');
  });
});

describe('keys', () => {
  test('A3 Map, Set and Date arguments are told apart, and opaque instances are not cached at all', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, new Counter().load);
    class Query {
      constructor(readonly text: string) {}
    }
    const different = [
      new Map([['a', 1]]),
      new Map([['a', 2]]),
      new Set(['a']),
      new Set(['b']),
      new Date(1),
      new Date(2),
    ];
    const answers: unknown[] = [];
    for (const argument of [...different, new Query('a'), new Query('b')]) answers.push(await service.get(argument));
    expect(answers).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await service.get(new Map([['a', 1]]))).toBe(1);
    expect(await service.get(new Query('a'))).toBe(9);
  });

  test('T1 classes that inherit one method, and instances of one class, do not share entries', async () => {
    const world = virtualWorld();
    class Repository {
      constructor(readonly tenant: string) {}

      @Cached()
      async findById(id: number): Promise<string> {
        return `${this.constructor.name} ${this.tenant} ${id}`;
      }
    }
    class Users extends Repository {}
    class Orders extends Repository {}
    const all = [new Users('a'), new Users('b'), new Orders('a')].map((each) => world.own(each));
    expect(await Promise.all(all.map((each) => each.findById(1)))).toEqual(['Users a 1', 'Users b 1', 'Orders a 1']);
    expect(await Promise.all(all.map((each) => each.findById(1)))).toEqual(['Users a 1', 'Users b 1', 'Orders a 1']);
  });

  test('T1 minified classes of one name do not share entries either', async () => {
    const world = virtualWorld();
    const make = (answer: string) =>
      class t {
        @Cached({ scope: 'class' })
        async get(_id: number): Promise<string> {
          return answer;
        }
      };
    const [a, b] = [world.own(new (make('a'))()), world.own(new (make('b'))())];
    expect([await a.get(1), await b.get(1)]).toEqual(['a', 'b']);
  });

  test('N1 values of one user are not shown to another: the scope is part of the key', async () => {
    const world = virtualWorld();
    class Session {
      constructor(readonly user: string) {}

      @Cached({ scope: (self: unknown) => (self as Session).user })
      async page(url: string): Promise<string> {
        return `${url} for ${this.user}`;
      }
    }
    const [ann, bob, again] = ['ann', 'bob', 'ann'].map((user) => world.own(new Session(user))) as [
      Session,
      Session,
      Session,
    ];
    expect(await ann.page('/me')).toBe('/me for ann');
    expect(await bob.page('/me')).toBe('/me for bob');
    world.events.clear();
    expect(await again.page('/me')).toBe('/me for ann');
    expect(world.events.count('cache.hit')).toBe(1);
  });
});

describe('what callers do to each other', () => {
  test('E1 a value that cannot be copied into the cache fails no call', async () => {
    const service = cached(virtualWorld(), { clone: 'structured' }, () => ({ close: () => 'closed' }));
    expect((await service.get('a')).close()).toBe('closed');
    expect((await service.get('a')).close()).toBe('closed');
  });

  test('the arguments and options of a call are left as they were', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, () => 1);
    const given = Object.freeze({ signal: new AbortController().signal, deep: Object.freeze(['a']) });
    expect(await service.get('a', given)).toBe(1);
    expect(await service.get('a', given)).toBe(1);
    expect(handleOf(service).stats.hits).toBe(1);
  });
});
