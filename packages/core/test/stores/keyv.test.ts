import keyvTestSuite from '@keyv/test-suite';
import Keyv from 'keyv';
import { virtualClock } from '../../../testing/src/index.js';
import {
  type CacheStore,
  createRuntime,
  guardedStore,
  keyvStore,
  memoryStore,
  tieredStore,
  toKeyv,
} from '../../src/index.js';
import { coded, virtualWorld } from '../support/virtual-world.js';
import { stored } from './support.js';

/** A Keyv's test is given what to expect with. */
const withExpect =
  (run: (t: { readonly expect: typeof expect }) => unknown): (() => Promise<void>) =>
  async () => {
    await run({ expect });
  };

const runner = {
  it: (name: string, run: Parameters<typeof withExpect>[0]) => it(name, withExpect(run)),
  beforeEach,
  afterEach,
};

describe.each<[string, () => CacheStore]>([
  ['memoryStore', () => memoryStore()],
  ['tieredStore', () => tieredStore(memoryStore(), memoryStore())],
  ['keyvStore', () => keyvStore(new Keyv())],
  ['guardedStore', () => guardedStore(memoryStore())],
])('toKeyv(%s) passes the suite of Keyv adapters', (_name, create) => {
  const store = create();
  keyvTestSuite(runner, Keyv, () => toKeyv(store));
});

const entryFor = (value: unknown, terms: object = {}) => ({
  value,
  startedAt: 0,
  freshUntil: Infinity,
  staleUntil: Infinity,
  hardUntil: Infinity,
  ...terms,
});

describe('keyvStore', () => {
  test('gives the Keyv the life of an entry, windows included, and none without an end', async () => {
    const clock = virtualClock({ wall: 1_000_000 });
    const runtime = createRuntime({ clock, logger: false });
    const adapter = new Map<string, string>();
    const ttls: unknown[] = [];
    const keyv = new Keyv({ store: adapter });
    keyv.set = (async (_key: string, _value: unknown, ttl?: number) => ttls.push(ttl)) as never;
    const store = keyvStore(keyv, { runtime });
    await store.set('a', entryFor(1, { freshUntil: 1_001_000, staleUntil: 1_005_000.5 }));
    await store.set('a', entryFor(1, { freshUntil: 1_001_000, staleUntil: 1_005_000, hardUntil: 1_003_000 }));
    await store.set('a', entryFor(1));
    expect(ttls).toEqual([5_001, 3_000, undefined]);
  });

  test('writes nothing that has ended, and removes what it was to replace', async () => {
    const keyv = new Keyv();
    const store = keyvStore(keyv);
    await store.set('a', entryFor(1));
    await store.set('a', entryFor(2, { freshUntil: 1, staleUntil: 1 }));
    expect(await store.get('a')).toBeUndefined();
    expect(await keyv.has('a')).toBe(false);
  });

  test.each([
    ['another value', 'text'],
    ['an object', { value: 1 }],
    ['JSON of someone else', '{"a":1}'],
    ['an unknown format', '{"holdfast":2,"key":"a","value":1,"times":[0,null,null,null]}'],
    ['an unknown tag', '{"holdfast":1,"key":"a","value":{"$":"?"},"times":[0,null,null,null]}'],
    ['no times', '{"holdfast":1,"key":"a","value":1,"times":[]}'],
    ['another key', '{"holdfast":1,"key":"b","value":1,"times":[0,null,null,null]}'],
  ])('takes %s for a miss', async (_what, value) => {
    const keyv = new Keyv();
    await keyv.set('a', value);
    expect(await keyvStore(keyv).get('a')).toBeUndefined();
  });

  test('shows the failures that a Keyv keeps to itself', async () => {
    const down = () => Promise.reject(coded('ECONNREFUSED'));
    const adapter = { opts: {}, get: down, set: down, delete: down, clear: down };
    const store = keyvStore(new Keyv({ store: adapter }));
    for (const act of [() => store.get('a'), () => store.set('a', entryFor(1)), () => store.delete('a')])
      await expect(act()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const world = virtualWorld({ store });
    expect(await stored(world, undefined, () => 'answered').get('a')).toBe('answered');
    expect(world.events.last('cache.storeFailed')).toMatchObject({ store: 'keyv', error: { code: 'ECONNREFUSED' } });
  });

  test('clears and lists its own part where the adapter has an iterator, and says so where it has none', async () => {
    const bare = keyvStore({
      get: async () => undefined,
      set: async () => true,
      delete: async () => true,
      clear: async () => undefined,
    });
    await expect(bare.clear('a:')).rejects.toThrow('cannot list its keys');
    const map = new Map();
    const one = keyvStore(new Keyv({ store: map, namespace: 'one' }));
    const other = keyvStore(new Keyv({ store: map, namespace: 'other' }));
    await one.set('a:1', entryFor(1));
    await other.set('a:1', entryFor(2));
    await one.clear('a:');
    expect([await one.get('a:1'), (await other.get('a:1'))?.value]).toEqual([undefined, 2]);
  });

  test.each([undefined, null, {}, new Set(), 'redis://'])('%p is no Keyv', (given) => {
    expect(() => keyvStore(given as never)).toThrow('keyvStore: needs a Keyv');
  });
});
