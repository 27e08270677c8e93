import Keyv from 'keyv';
import { cacheStoreContract, virtualClock } from '../../../testing/src/index.js';
import { createRuntime, guardedStore, keyvStore, memoryStore, tieredStore } from '../../src/index.js';

const clock = virtualClock();
const runtime = createRuntime({ clock, logger: false });
const time = { now: () => clock.wall(), advance: (milliseconds: number) => clock.advance(milliseconds) };

describe('a memory store keeps the contract', () => {
  cacheStoreContract({
    describe,
    it,
    ...time,
    create: () => memoryStore({ runtime }),
    values: [new Date(0), new Map([[1, new Set([2])]]), 1n, Number.NaN],
  });
});

const rich = [new Date(0), new Map([[1, new Set([2])]]), 1n, Number.NaN, Buffer.from('bytes'), { at: new Date(1) }];

describe('a tiered store keeps the contract', () => {
  cacheStoreContract({
    describe,
    it,
    ...time,
    create: () => tieredStore(memoryStore({ runtime }), memoryStore({ runtime }), { runtime }),
  });
});

describe('a Keyv keeps the contract', () => {
  cacheStoreContract({
    describe,
    it,
    ...time,
    create: () => keyvStore(new Keyv(), { runtime }),
    values: rich,
    unstorable: { client: new Keyv() },
  });
});

describe('a guarded store keeps the contract', () => {
  cacheStoreContract({ describe, it, ...time, create: () => guardedStore(memoryStore({ runtime }), { runtime }) });
});
