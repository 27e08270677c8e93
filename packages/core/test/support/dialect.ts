/* What the tests of both decorator dialects need to know about the one they are compiled in. */
import { ensureReflectMetadata } from '../../src/decorate/reflect-metadata.js';

/** Applies decorators as if written above each other, the first one uppermost; works in every dialect. */
export const stacked =
  (...lines: readonly unknown[]) =>
  (first: any, second: any, third?: PropertyDescriptor): any => {
    const decorators = [...lines].reverse() as ((...given: unknown[]) => unknown)[];
    if (typeof second === 'object' && second !== null)
      return decorators.reduce((value, decorate) => decorate(value, second) ?? value, first as unknown);
    return decorators.reduce<unknown>((found, decorate) => decorate(first, second, found) ?? found, third);
  };

let found: 'standard' | 'legacy' = 'legacy';
let hasReturnTypes = false;

const probe = (target: any, second: any): void => {
  if (typeof second === 'object') found = 'standard';
  else hasReturnTypes = (Reflect as any).getMetadata?.('design:returntype', target, second) === Number;
};

// As every decorator of ours does when it is written; the probe is none.
ensureReflectMetadata();

export class Probe {
  @probe
  method(): number {
    return 1;
  }
}

/** The dialect that this very file was compiled in. */
export const dialect = found;
/** True where the compiler emits `design:returntype`. */
export const emitsTypes = hasReturnTypes;

export const permutations = <Value>(values: readonly Value[]): Value[][] =>
  values.length < 2
    ? [[...values]]
    : values.flatMap((value, index) =>
        permutations([...values.slice(0, index), ...values.slice(index + 1)]).map((rest) => [value, ...rest]),
      );

/** What a function throws, or a failure of the test. */
export const thrownBy = (fn: () => unknown): Error => {
  try {
    fn();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was expected to throw');
};

/** A message without the line of source that ends it. */
export const withoutSource = (message: string): string => message.replace(/ \([^()]+:\d+:\d+\)$/, '');
