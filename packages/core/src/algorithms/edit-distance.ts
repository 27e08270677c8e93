/** Longer words are no option names, and the distance costs the product of both lengths. */
const LONGEST_WORD = 64;

/**
 * Edits from one word to the other: insert, delete, replace, swap two neighbours, no part edited twice (the optimal
 * string alignment form of Damerau-Levenshtein).
 */
const distance = (from: string, to: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (last[column - 1] as number) + (from[row - 1] === to[column - 1] ? 0 : 1);
      let fewest = Math.min(replaced, (last[column] as number) + 1, (current[column - 1] as number) + 1);
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwap) fewest = Math.min(fewest, (beforeLast[column - 2] as number) + 1);
      current.push(fewest);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] as number;
};

/**
 * The candidate a mistyped word most likely meant, for "did you mean". Case is ignored; at most a third of the longer
 * word may differ; of equally near ones the first. Undefined when none is near.
 */
export const closest = (word: string, candidates: Iterable<string>): string | undefined => {
  if (word.length > LONGEST_WORD) return undefined;
  let best: string | undefined;
  let fewest = Infinity;
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length);
    if (longer > LONGEST_WORD) continue;
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits <= Math.floor(longer / 3) && edits < fewest) {
      best = candidate;
      fewest = edits;
    }
  }
  return best;
};
