import type { SecretData } from '../provider/envelope.js';
import { SecretFormatError } from '../errors.js';
import { Secret } from '../secrecy/secret.js';

/** What a request can be authenticated with. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: Secret }
  | { readonly kind: 'password'; readonly username: string; readonly password: Secret };

/** How a secret is sent. `auto` by what it holds: a token as a bearer, a username and a password as basic. */
export type AuthScheme = 'auto' | 'bearer' | 'basic' | 'raw';

/** What a header can carry: `fetch` would quote anything else in its error. */
const HEADER_TEXT = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

const tokenFrom = (text: unknown): Credentials => {
  if (typeof text === 'string' && HEADER_TEXT.test(text)) return { kind: 'token', token: new Secret(text) };
  throw new SecretFormatError('the token must be text of printable ASCII characters');
};

const passwordFrom = (username: unknown, password: unknown): Credentials => {
  const isText = typeof username === 'string' && typeof password === 'string';
  // By RFC 7617 a colon ends the name, and neither part has control characters.
  if (!isText || username === '' || username.includes(':') || CONTROL.test(username + password))
    throw new SecretFormatError(
      'username and password must be text without control characters, the name without colons',
    );
  return { kind: 'password', username, password: new Secret(password) };
};

const fromText = (text: string, scheme: AuthScheme): Credentials => {
  const colon = text.indexOf(':');
  const isPair = scheme === 'basic' || (scheme === 'auto' && colon >= 0);
  return isPair ? passwordFrom(text.slice(0, Math.max(0, colon)), text.slice(colon + 1)) : tokenFrom(text);
};

/**
 * The credentials in a secret: `token`, or `username` and `password`, or plain text under `value`, which is
 * `user:password` or a token.
 * @throws SecretFormatError on anything else, without a word of it.
 */
export const credentialsIn = (data: SecretData, scheme: AuthScheme = 'auto'): Credentials => {
  const { token, username, password, value } = data;
  const hasPair = username !== undefined && password !== undefined;
  const mayBePair = scheme === 'basic' || (scheme === 'auto' && token === undefined);
  if (hasPair && mayBePair) return passwordFrom(username, password);
  if (token !== undefined && scheme !== 'basic') return tokenFrom(token);
  if (typeof value === 'string') return fromText(value.trim(), scheme);
  throw new SecretFormatError("a secret for requests needs 'token', or 'username' and 'password', or plain text");
};
