import type { Binding } from '../../pipeline/policy.js';
import { tagsProblem } from '../../stores/tag-names.js';

export type TagsOption = readonly string[] | ((...args: readonly unknown[]) => readonly string[]) | undefined;

/** Stands for tags that cannot be told. */
export const NO_TAGS: unique symbol = Symbol('no tags');
export type Tags = readonly string[] | undefined | typeof NO_TAGS;

/** Each name once. */
export const together = (
  some: readonly string[] | undefined,
  others: readonly string[] | undefined,
): readonly string[] | undefined =>
  some === undefined || others === undefined ? (some ?? others) : [...new Set([...some, ...others])];

/** The tags of a call by the option, checked where they are computed. What cannot be invalidated is not to be stored. */
export const tagsOf = (option: TagsOption, self: unknown, args: readonly unknown[], binding: Binding): Tags => {
  if (typeof option !== 'function') return option;
  try {
    const tags: unknown = option.apply(self, args as unknown[]);
    const problem = tagsProblem(tags);
    if (problem !== undefined) throw new TypeError(problem);
    return [...new Set(tags as string[])];
  } catch (thrown) {
    binding.reportFailure('tags', thrown);
    return NO_TAGS;
  }
};
