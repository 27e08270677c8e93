/** Hits while nobody listens, while someone listens on `cache.hit`, and after he has left. */
import { decorated } from '../contenders/ours.mjs';
import { bareMethod } from '../contenders/plain.mjs';
import { core } from '../lib/core.mjs';
import { driverOf } from '../lib/driver.mjs';
import { bytesPerCall } from '../lib/footprint.mjs';
import { race } from '../lib/harness.mjs';

const ENTRIES = 256;
/** The driver's await takes 200 bytes, the list of arguments up to 56. */
const BYTES_OF_NOTHING = 256;

const cachedService = async (argumentLists) => {
  const service = decorated(0, [core.Cached({ ttl: '5m', maxSize: ENTRIES })], 'async m(id) { return id + 1; }');
  for (const [id] of argumentLists) await service.m(id);
  return service;
};

/**
 * One phase after the other, since a listener is there for all calls or for none; each is compared with a bare method
 * measured in the same rounds, and what is reported is the ratio of these ratios.
 */
export const listeners = {
  run: async ({ rounds, batchMs }) => {
    const argumentLists = Array.from({ length: ENTRIES }, (_, id) => [id]);
    const hits = driverOf([await cachedService(argumentLists)], argumentLists);
    const bare = driverOf([bareMethod.make(0)], argumentLists);
    let heard = 0;
    const phase = async (name) => {
      const contenders = [
        { name: 'bare', drive: bare },
        { name, drive: hits },
      ];
      const times = (await race(contenders, { rounds, batchMs })).get(name);
      return { name, ours: true, ...times, bytes: await bytesPerCall(hits) };
    };
    const before = await phase('no listener');
    const unsubscribe = core.events.on('cache.hit', () => (heard += 1));
    const during = await phase('one listener');
    unsubscribe();
    const after = await phase('no listener any more');
    if (heard === 0) throw new Error('the listener heard nothing');
    Object.assign(before, { row: 'O', goal: { bytes: BYTES_OF_NOTHING } });
    // Within what this method tells apart.
    Object.assign(after, { row: 'O', goal: { ratio: 1.1, bytes: BYTES_OF_NOTHING } });
    return [before, during, after].map((row) => ({
      ...row,
      ratio: row.ratio / before.ratio,
      quiet: row.quiet / before.quiet,
    }));
  },
};
