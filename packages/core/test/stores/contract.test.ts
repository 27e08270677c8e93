import { cacheStoreContract, virtualClock } from '../../../testing/src/index.js';
import { createRuntime, memoryStore } from '../../src/index.js';

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
