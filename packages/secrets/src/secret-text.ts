import type { SecretData } from './envelope.js';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The data of a secret that is kept as text: a JSON object as it is, any other text under the key `value`. */
export const dataOfText = (text: string): SecretData => {
  // Anything but an object is text, and most texts are told by their first character, without a parser's exception.
  if (!text.trimStart().startsWith('{')) return { value: text };
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : { value: text };
  } catch {
    return { value: text };
  }
};
