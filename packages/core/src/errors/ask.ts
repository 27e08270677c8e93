const ignore = (): void => undefined;

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/**
 * Whether a predicate's answer is yes.
 * @throws TypeError on a promise, whose answer would come too late.
 */
export const isYes = (answer: unknown): boolean => {
  if (!isThenable(answer)) return answer === true;
  Promise.resolve(answer).catch(ignore);
  throw new TypeError('a predicate must answer synchronously, got a promise');
};

/**
 * What a predicate of the user's answers: `true` alone is yes. One that throws is reported and answers `otherwise`, as
 * does one that is asynchronous: its answer would come too late, and its rejection would belong to nobody.
 */
export const ask = (predicate: () => unknown, otherwise: boolean, report: (thrown: unknown) => void): boolean => {
  try {
    return isYes(predicate());
  } catch (thrown) {
    report(thrown);
    return otherwise;
  }
};
