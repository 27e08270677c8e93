import { type Check, arrayOf, callback, either } from '../errors/option-check.js';

/** Characters of one tag. */
export const LONGEST_TAG = 256;
/** Tags of one entry. */
export const MOST_TAGS = 64;

/** What is wrong with a tag, in words; undefined when nothing is. */
export const tagProblem = (tag: unknown): string | undefined => {
  if (typeof tag !== 'string' || tag === '') return 'must be a non-empty string';
  return tag.length > LONGEST_TAG ? `must be at most ${LONGEST_TAG} characters long` : undefined;
};

/** What is wrong with the tags of one entry, without naming a tag: they may hold what belongs to a user. */
export const tagsProblem = (tags: unknown): string | undefined => {
  if (!Array.isArray(tags)) return 'tags must be an array of strings';
  if (tags.length > MOST_TAGS) return `tags must be at most ${MOST_TAGS}`;
  const problem = tags.map(tagProblem).find((each) => each !== undefined);
  return problem && `each tag ${problem}`;
};

/** An option that is a list of tags or a function; of a list it says what is wrong inside of it. */
const listOrFunction =
  (list: Check): Check =>
  (value) =>
    Array.isArray(value) ? list(value) : either(list, callback)(value);

const list = /* @__PURE__ */ arrayOf(tagProblem);

/** Tags of an entry. */
export const entryTags: Check = /* @__PURE__ */ listOrFunction((value) =>
  Array.isArray(value) && value.length > MOST_TAGS ? `must hold at most ${MOST_TAGS}` : list(value),
);

/** Tags to invalidate. */
export const someTags: Check = /* @__PURE__ */ listOrFunction((value) =>
  Array.isArray(value) && value.length === 0 ? 'must name a tag at least' : list(value),
);
