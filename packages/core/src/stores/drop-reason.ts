import type { CacheKey } from '../algorithms/stable-key.js';
import type { EvictionReason } from './entry-slots.js';

/** Why an entry has gone although nobody removed it. */
export type DropReason = EvictionReason | 'bytes' | 'resize' | 'expired';

/** An entry that a stamp has made invalid goes when it is met; its going was told with the stamp. */
export type Gone = DropReason | 'invalidated';

export type Dropped = readonly [key: CacheKey, reason: Gone];
