import { deferred } from '../../../testing/src/index.js';
import { type CurrentLoad, Hedge, Retry, currentCall } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';
import { type Options, cached, cachedSync, handleOf } from './support.js';
import { cellOf, checkCell } from './table-check.js';

const MINUTE = 60_000;

/** The load of the call that is running; there is one in every method here. */
const load = (): CurrentLoad => {
  const { cache } = currentCall();
  if (cache === undefined) throw new Error('no load');
  return cache;
};

const service = (method: (...args: any[]) => unknown, options: Options = {}, lines: readonly unknown[] = []) => {
  const world = virtualWorld();
  const made = cached(world, options, method, { lines });
  return { world, made, handle: handleOf(made) };
};

describe('currentCall().cache.setTags', () => {
  test('tags the result with what is known when it is there', async () => {
    const { made, handle } = service(async (id: string) => {
      const cache = load();
      const vendor = await Promise.resolve(id === '1' ? 'acme' : 'other');
      cache.setTags([`vendor:${vendor}`]);
      return vendor;
    });
    await made.get('1');
    await made.get('2');
    await handle.invalidateTags('vendor:acme');
    expect([handle.peek('1'), handle.peek('2')]).toEqual([undefined, 'other']);
    checkCell(cellOf(made));
  });

  test('adds to the tags of the option; said once more, it replaces what it said before', async () => {
    const { made, handle } = service(
      () => {
        load().setTags(['first']);
        load().setTags(['second', 'second']);
        return 'x';
      },
      { tags: ['all'] },
    );
    for (const [tag, stays] of [
      ['first', true],
      ['second', false],
      ['all', false],
    ] as const) {
      await made.get('1');
      await handle.invalidateTags(tag);
      expect(handle.peek('1') === 'x').toBe(stays);
    }
  });

  test('does not keep the list, so that tags of one entry do not gather in the next', async () => {
    const tags = ['base'];
    const { made, handle } = service((id: string) => {
      load().setTags(tags);
      tags.push(id);
      return id;
    });
    await made.get('1');
    await made.get('2');
    await handle.invalidateTags('1');
    expect([handle.peek('1'), handle.peek('2')]).toEqual(['1', undefined]);
  });

  test('a tag that was invalidated while the load ran without it keeps the result from being stored', async () => {
    const source = deferred<string>();
    const { made, handle } = service(async () => {
      const cache = load();
      const value = await source.promise;
      cache.setTags([value]);
      return value;
    });
    const first = made.get('1');
    await handle.invalidateTags('acme', 'unrelated');
    source.resolve('acme');
    expect(await first).toBe('acme');
    expect(handle.peek('1')).toBeUndefined();
    expect(handle.stats.sets).toBe(0);
    checkCell(cellOf(made));
    await made.get('1');
    expect(handle.peek('1')).toBe('acme');
  });

  test('a tag that is invalidated after it was named detaches the load', async () => {
    const source = deferred<string>();
    let calls = 0;
    const { made, handle } = service(async () => {
      load().setTags(['acme']);
      calls += 1;
      return source.promise;
    });
    const first = made.get('1');
    await handle.invalidateTags('acme');
    const second = made.get('1');
    expect(calls).toBe(2);
    source.resolve('x');
    await Promise.all([first, second]);
    expect(handle.peek('1')).toBe('x');
  });

  test('of very many invalidations meanwhile the oldest are forgotten, and then nothing unknown is stored', async () => {
    const gates = [deferred<string>(), deferred<string>(), deferred<string>()];
    let calls = 0;
    const { made, handle } = service(async () => {
      const cache = load();
      const tag = await (gates[calls++] as (typeof gates)[0]).promise;
      cache.setTags([tag]);
      return tag;
    });
    const old = [made.get('1'), made.get('2')];
    for (let index = 0; index < 3000; index += 1) await handle.invalidateTags(`tag ${index}`);
    const young = made.get('3');
    expect((cellOf(made) as unknown as { stamps: { size: number } }).stamps.size).toBeLessThanOrEqual(1024);
    gates[0]?.resolve('tag 0');
    gates[1]?.resolve('never invalidated');
    gates[2]?.resolve('tag 1');
    await Promise.all([...old, young]);
    expect(handle.keys()).toEqual(['3']);
    checkCell(cellOf(made));
  });

  test.each([[['']], [[7]], ['vendor:acme'], [undefined], [['x'.repeat(257)]]])(
    'with %j the result is not stored, and it is told',
    async (tags) => {
      const { made, handle, world } = service(() => {
        load().setTags(tags as never);
        return 'x';
      });
      expect(await made.get('1')).toBe('x');
      expect(handle.stats.size).toBe(0);
      expect(world.events.of('listener.failed')).toMatchObject([{ source: '@Cached setTags' }]);
      expect(JSON.stringify(world.events.events)).not.toContain('vendor');
    },
  );

  test('what an attempt said is forgotten when it fails', async () => {
    let attempts = 0;
    const seen: CurrentLoad[] = [];
    const { made, handle, world } = service(
      () => {
        attempts += 1;
        const cache = load();
        seen.push(cache);
        if (attempts > 1) {
          seen[0]?.setTags(['late']);
          seen[0]?.skip();
          return 'x';
        }
        cache.setTags(['first']);
        cache.skip();
        cache.setTtl(1);
        throw coded('ECONNREFUSED');
      },
      {},
      [Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })],
    );
    const call = made.get('1');
    await world.clock.advance(10);
    expect(await call).toBe('x');
    await handle.invalidateTags('first', 'late');
    await world.clock.advance(MINUTE);
    expect(handle.peek('1')).toBe('x');
    checkCell(cellOf(made));
  });

  test('branches of a hedge speak of one result', async () => {
    let runs = 0;
    const { made, handle, world } = service(
      async () => {
        runs += 1;
        load().setTags([`run ${runs}`]);
        return runs === 1 ? new Promise(() => undefined) : 'x';
      },
      {},
      [Hedge({ after: 10 })],
    );
    const call = made.get('1');
    await world.clock.advance(10);
    expect(await call).toBe('x');
    await handle.invalidateTags('run 2');
    expect(handle.peek('1')).toBeUndefined();
  });
});

describe('currentCall().cache.setTtl', () => {
  test('takes the place of the ttl of the options, counted from when the load began', async () => {
    const source = deferred<string>();
    const { made, handle, world } = service(
      async () => {
        const cache = load();
        const value = await source.promise;
        cache.setTtl('1m');
        return value;
      },
      { ttl: '1h' },
    );
    const call = made.get('1');
    await world.clock.advance(10_000);
    source.resolve('x');
    await call;
    expect(await handle.lookup('1')).toMatchObject({ state: 'fresh', remainingTtl: 50_000 });
  });

  test('obeys the bounds of the options', async () => {
    const { made, handle } = service(() => (load().setTtl('1h'), 'x'), { ttlBounds: { max: '10m' } });
    await made.get('1');
    expect(await handle.lookup('1')).toMatchObject({ remainingTtl: 10 * MINUTE });
  });

  test.each([[0], [-1], [Number.NaN], ['soon'], [undefined], [{}]])('%p: the result is not stored', async (ttl) => {
    const { made, handle, world } = service(() => (load().setTtl(ttl as never), 'x'));
    expect(await made.get('1')).toBe('x');
    expect(handle.stats.size).toBe(0);
    expect(world.events.of('cache.uncacheable')).toMatchObject([{ reason: 'the computed ttl is not longer than 0' }]);
  });

  test('Infinity is for ever', async () => {
    const { made, handle, world } = service(() => (load().setTtl(Infinity), 'x'));
    await made.get('1');
    await world.clock.advance(1e9);
    expect(handle.peek('1')).toBe('x');
  });
});

describe('currentCall().cache.skip', () => {
  test('keeps the result from being stored and what is there as it is', async () => {
    let calls = 0;
    const { made, handle, world } = service(
      () => {
        calls += 1;
        if (calls > 1) load().skip();
        return calls;
      },
      { ttl: '1m', staleIfError: '1h' },
    );
    await made.get('1');
    await world.clock.advance(2 * MINUTE);
    expect(await Promise.all([made.get('1'), made.get('1')])).toEqual([2, 2]);
    expect(await handle.lookup('1')).toMatchObject({ state: 'stale', value: 1 });
  });
});

describe('currentCall().cache.notModified', () => {
  interface Page {
    readonly etag: string;
    readonly text: string;
  }
  const site = (options: Options = {}) => {
    const answers: { now: Page | 304 } = { now: { etag: 'a', text: 'hello' } };
    const asked: (string | undefined)[] = [];
    const { made, handle, world } = service(
      async () => {
        const cache = load();
        const known = cache.stale?.value as Page | undefined;
        asked.push(known?.etag);
        await Promise.resolve();
        const answer = answers.now;
        if (answer === 304) return cache.notModified();
        cache.setTags([`etag:${answer.etag}`]);
        return answer;
      },
      { ttl: '1m', staleIfError: '1h', ...options },
    );
    return { made, handle, world, answers, asked };
  };

  test('answers with the stale value and stores it anew', async () => {
    const { made, handle, world, answers, asked } = site();
    const page = await made.get('1');
    await world.clock.advance(2 * MINUTE);
    answers.now = 304;
    expect(await made.get('1')).toBe(page);
    expect(await handle.lookup('1')).toMatchObject({ state: 'fresh', age: 0, remainingTtl: MINUTE });
    expect(asked).toEqual([undefined, 'a']);
  });

  test('its tags stay with it, those that its own load had found included', async () => {
    const { made, handle, world, answers } = site({ tags: ['pages'] });
    for (const tag of ['etag:a', 'pages']) {
      answers.now = { etag: 'a', text: 'hello' };
      await made.get('1');
      for (let round = 0; round < 2; round += 1) {
        await world.clock.advance(2 * MINUTE);
        answers.now = 304;
        await made.get('1');
      }
      expect(handle.peek('1')).toBeDefined();
      await handle.invalidateTags(tag);
      expect(handle.peek('1')).toBeUndefined();
    }
  });

  test('in a refresh behind a stale answer the stale value is there too', async () => {
    const { made, handle, world, answers, asked } = site({ staleWhileRevalidate: '1h' });
    await made.get('1');
    await world.clock.advance(2 * MINUTE);
    answers.now = 304;
    await made.get('1');
    await world.clock.settle();
    expect(asked).toEqual([undefined, 'a']);
    expect(await handle.lookup('1')).toMatchObject({ state: 'fresh' });
    expect(world.events.of('cache.refreshed')).toHaveLength(1);
  });

  test('an entry expired by its tag can be confirmed; one that was removed is not there to be', async () => {
    const { made, handle, answers, asked } = site({ tags: ['pages'] });
    await made.get('1');
    await handle.expireTags('pages');
    answers.now = 304;
    await made.get('1');
    expect(await handle.lookup('1')).toMatchObject({ state: 'fresh' });
    await handle.invalidateTags('pages');
    const error = await errorOf(made.get('1'));
    expect(error).toMatchObject({ code: 'CONFIGURATION' });
    expect(String(error)).toMatch(/CachedService\.get: cache\.notModified\(\) has no value to keep/);
    expect(asked).toEqual([undefined, 'a', undefined]);
  });

  test('is not stored when its tag was invalidated meanwhile', async () => {
    const { made, handle, world, answers } = site();
    await made.get('1');
    await world.clock.advance(2 * MINUTE);
    answers.now = 304;
    const call = made.get('1');
    await handle.invalidateTags('etag:a');
    await call;
    expect(handle.peek('1')).toBeUndefined();
  });

  test('with clone the method gets a copy of its own', async () => {
    const { made, handle, world, answers } = site({ clone: 'structured' });
    await made.get('1');
    await world.clock.advance(2 * MINUTE);
    answers.now = 304;
    const page = (await made.get('1')) as { text: string };
    page.text = 'changed by a caller';
    expect(handle.peek('1')).toMatchObject({ text: 'hello' });
  });

  test('is the value in a synchronous method too', () => {
    const world = virtualWorld();
    let calls = 0;
    const made = cachedSync(world, { ttl: '1m', staleIfError: '1h' }, () => {
      calls += 1;
      return calls === 1 ? 'first' : load().notModified();
    });
    made.get('1');
    world.clock.advanceSync(2 * MINUTE);
    expect([made.get('1'), made.get('1'), calls]).toEqual(['first', 'first', 2]);
  });
});

describe('after the load', () => {
  test('nothing that is said has an effect', async () => {
    const seen: CurrentLoad[] = [];
    const { made, handle, world } = service(
      () => {
        seen.push(load());
        return seen.length;
      },
      { staleIfError: '1h' },
    );
    await made.get('1');
    const [cache] = seen as [CurrentLoad];
    cache.setTags(['late']);
    cache.setTtl(1);
    cache.skip();
    await handle.invalidateTags('late');
    await world.clock.advance(MINUTE);
    expect(handle.peek('1')).toBe(1);
    expect(() => cache.notModified()).toThrow('has no value to keep');
    checkCell(cellOf(made));
  });

  test('nor in a load that was detached or left by all of its callers', async () => {
    const source = deferred<string>();
    const { made, handle } = service(async () => {
      const cache = load();
      const value = await source.promise;
      cache.setTags(['late']);
      return value;
    });
    const controller = new AbortController();
    const left = settledOf(made.get('1', { signal: controller.signal }));
    const detached = made.get('2');
    controller.abort();
    await left;
    await handle.invalidate('2');
    source.resolve('x');
    await detached;
    expect(handle.stats.size).toBe(0);
    checkCell(cellOf(made));
  });

  test('a call beside the cache has no load', async () => {
    const { made } = service(() => currentCall().cache ?? 'none');
    expect(await made.get(() => undefined)).toBe('none');
  });
});
