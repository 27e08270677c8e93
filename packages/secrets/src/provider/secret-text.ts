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

/** Text has none of these, and keys of random bytes all but surely have one. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return CONTROL.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
};

/**
 * The data of a secret that is kept as bytes: as `dataOfText` where they are UTF-8 text, else under the key `value`, a
 * copy at each look: data are shared by all who read the secret, and bytes cannot be frozen.
 */
export const dataOfBytes = (bytes: Uint8Array): SecretData => {
  const text = textOf(bytes);
  if (text !== undefined) return dataOfText(text);
  const kept = Uint8Array.from(bytes);
  return Object.freeze({
    get value() {
      return Uint8Array.from(kept);
    },
  });
};
