/** A bound on what all values of a cache weigh together, in bytes by the user's own measure. */
export interface Weighing {
  readonly maxBytes: number;
  readonly weigh: (value: unknown) => number;
}

/**
 * What a value weighs, or in words why it cannot be stored.
 * @param onThrow hears what `weigh` threw.
 */
export const weightOf = (
  { maxBytes, weigh }: Weighing,
  value: unknown,
  onThrow: (thrown: unknown) => void,
): number | string => {
  let weight: unknown;
  try {
    weight = weigh(value);
  } catch (thrown) {
    onThrow(thrown);
    return 'the weigh function threw';
  }
  if (typeof weight !== 'number' || !Number.isInteger(weight) || weight < 0)
    return 'the weigh function gave no whole number of bytes';
  return weight > maxBytes ? 'the value is heavier than maxBytes' : weight;
};

/** What is missing of the two options that need each other; nothing where both or neither are there. */
export const missingOfWeighing = (maxBytes: unknown, weigh: unknown): 'maxBytes' | 'weigh' | undefined => {
  if ((maxBytes === undefined) === (weigh === undefined)) return undefined;
  return maxBytes === undefined ? 'maxBytes' : 'weigh';
};

export const WEIGHING_REMEDY = {
  maxBytes: 'weigh needs maxBytes, the bound on the sum of what it answers; add maxBytes, or leave weigh out',
  weigh: 'maxBytes needs weigh, which tells the bytes of a value; add weigh, or bound the entries with maxSize',
} as const;
