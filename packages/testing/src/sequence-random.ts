import type { Random } from '@holdfast/core';

/**
 * Exactly these numbers, then again from the first: for tests that pin a jitter or a sampling decision.
 *
 * @throws RangeError when the list is empty or a value lies outside [0, 1).
 */
export function sequenceRandom(values: readonly number[]): Random {
  const sequence = [...values];
  if (sequence.length === 0) throw new RangeError('sequenceRandom: at least one value is needed');
  for (const value of sequence) {
    if (!(value >= 0 && value < 1)) throw new RangeError(`sequenceRandom: values lie in [0, 1), got ${String(value)}`);
  }
  let position = 0;
  return () => {
    const value = sequence[position] as number;
    position = (position + 1) % sequence.length;
    return value;
  };
}
