import { KeyedHash } from '../algorithms/keyed-hash.js';
import { AdaptiveSlots } from './adaptive-slots.js';
import type { MakeSlots } from './entry-slots.js';
import { LruSlots } from './lru.js';

/** Which entry makes room: the least recently used one, or the one that is used least often as far as the load rewards that. */
export type Eviction = 'lru' | 'adaptive';

export const lruSlots: MakeSlots = (capacity) => new LruSlots(capacity);

/** @param secret of the hash: see `KeyedHash`. */
const adaptiveSlots = (secret: readonly [number, number]): MakeSlots => {
  const hash = new KeyedHash(secret);
  return (capacity, limit, previous) =>
    new AdaptiveSlots(capacity, {
      hash,
      isFinal: capacity === limit,
      ...(previous instanceof AdaptiveSlots ? { share: previous.share } : {}),
    });
};

export const slotsFor = (eviction: Eviction, secret: () => readonly [number, number]): MakeSlots =>
  eviction === 'lru' ? lruSlots : adaptiveSlots(secret());
