import { ConfigurationError } from '../errors/configuration-error.js';
import { tagProblem, tagsProblem } from '../stores/tag-names.js';

const wrong = (caller: string, problem: string): ConfigurationError =>
  new ConfigurationError(`${caller}: ${problem}`, { option: 'tags' });

/** Tags given by hand, each once. @throws ConfigurationError, which names no tag. */
export const tagsGiven = (tags: unknown, caller: string): readonly string[] => {
  const problem = tagsProblem(tags);
  if (problem !== undefined) throw wrong(caller, problem);
  return [...new Set(tags as readonly string[])];
};

/** Any number of tags. @throws ConfigurationError, which names no tag. */
export const tagsToInvalidate = (tags: readonly unknown[], caller: string): readonly string[] => {
  const problem = tags.map(tagProblem).find((each) => each !== undefined);
  if (problem !== undefined) throw wrong(caller, `each tag ${problem}`);
  return [...new Set(tags as readonly string[])];
};
