import type { SecretData } from './envelope.js';

const isRecord = (value: unknown): value is SecretData =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A secret kept as text: of a JSON object its members, of anything else `{ value: text }`. */
export const parseSecret = (text: string): SecretData => {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // No JSON. JSON.parse quotes what it could not read, so its words go nowhere.
  }
  return { value: text };
};

/** Bytes that are text have none of these, and keys of random bytes all but surely have one. */
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
 * A secret kept as bytes: as `parseSecret` where they are UTF-8 text, else `{ value: bytes }`, a copy at each look: the
 * data are shared by all who read the secret, and bytes cannot be frozen.
 */
export const parseSecretBytes = (bytes: Uint8Array): SecretData => {
  const text = textOf(bytes);
  if (text !== undefined) return parseSecret(text);
  const kept = Uint8Array.from(bytes);
  return Object.freeze({
    get value() {
      return Uint8Array.from(kept);
    },
  });
};
