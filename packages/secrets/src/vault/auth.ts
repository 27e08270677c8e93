import { ConfigurationError } from '@holdfast/core';
import { SecretFormatError, VaultAuthenticationError } from '../errors.js';
import { Secret, revealed } from '../secrecy/secret.js';
import { type VaultClient, type VaultReply, errorFrom, isRecord, secondsIn } from './client.js';

/** A token, and how many seconds it lasts; 0: until it is revoked. */
export interface IssuedToken {
  readonly token: Secret;
  readonly duration: number;
  /** Made by this log-in and used by nobody else: it may be revoked at close. Default false. */
  readonly isOwn?: boolean;
  /** Its time can begin anew. Default false. */
  readonly isRenewable?: boolean;
}

/** What a log-in has at hand. */
export interface LoginContext {
  /** POSTs JSON to a path such as `auth/jwt/login`, without a token; the token that the answer holds. */
  readonly logIn: (path: string, body: Readonly<Record<string, unknown>>) => Promise<IssuedToken>;
  /** Aborted when the attempt times out. */
  readonly signal: AbortSignal | undefined;
}

/** How a client proves who it is. Write your own for other methods: JWT, Kubernetes, cloud identities. */
export interface VaultAuth {
  readonly name: string;
  /** False for a token that cannot be replaced. Default true. */
  readonly canLogInAgain?: boolean;
  readonly logIn: (context: LoginContext) => IssuedToken | Promise<IssuedToken>;
}

type Given<Value> = Value | (() => Value | Promise<Value>);

const given = async (value: Given<string | Secret>): Promise<string> =>
  revealed(typeof value === 'function' ? await value() : value);

/** What a header can carry: `fetch` would quote anything else in its error. */
const PRINTABLE = /^[\x21-\x7e]+$/;

/** @throws SecretFormatError on what no token can be, without a word of it. */
export const checkedToken = (text: unknown): Secret => {
  if (typeof text === 'string' && PRINTABLE.test(text)) return new Secret(text);
  throw new SecretFormatError('a token must be a non-empty string of printable characters without blanks');
};

/**
 * A token that was given, or a function that knows the present one (a file that an agent renews), asked again when the
 * old one is dead.
 * @throws ConfigurationError when the token is no token.
 */
export const tokenAuth = (token: Given<string | Secret>): VaultAuth => {
  if (typeof token === 'function')
    return { name: 'token', logIn: async () => ({ token: checkedToken(await given(token)), duration: 0 }) };
  const text: unknown = token instanceof Secret ? token.reveal() : token;
  if (typeof text !== 'string' || !PRINTABLE.test(text))
    throw new ConfigurationError('tokenAuth: token must be a non-empty string without blanks', { option: 'token' });
  const issued = { token: new Secret(text), duration: 0 };
  return { name: 'token', canLogInAgain: false, logIn: () => issued };
};

export interface AppRoleOptions {
  readonly roleId: Given<string | Secret>;
  /** A function is asked at every log-in, for secret ids that are good once. */
  readonly secretId: Given<string | Secret>;
  /** Where the method is mounted. Default 'approle'. */
  readonly mount?: string;
}

/** Logs in with a role. @throws ConfigurationError when one of the ids is missing. */
export const appRoleAuth = ({ roleId, secretId, mount = 'approle' }: AppRoleOptions): VaultAuth => {
  for (const [option, value] of Object.entries({ roleId, secretId })) {
    if (value === undefined || value === '')
      throw new ConfigurationError(`appRoleAuth: ${option} is missing`, { option });
  }
  return {
    name: 'approle',
    logIn: async ({ logIn }) =>
      logIn(`auth/${mount}/login`, { role_id: await given(roleId), secret_id: await given(secretId) }),
  };
};

/** The token that an answer of Vault holds. @throws SecretFormatError */
export const issuedFrom = (body: VaultReply['body']): IssuedToken => {
  const { auth } = body;
  if (!isRecord(auth)) throw new SecretFormatError('the answer to a log-in has no token');
  const { client_token: token, lease_duration: duration, renewable } = auth;
  const lasts = Math.max(0, secondsIn(duration));
  return { token: checkedToken(token), duration: lasts, isOwn: true, isRenewable: renewable === true };
};

/** Answers that will be the same next time: who asks is not who he says. */
const isRefusal = (status: number): boolean => status === 400 || status === 401 || status === 403 || status === 404;

export const loginContext = (client: VaultClient, signal: AbortSignal | undefined): LoginContext => ({
  signal,
  logIn: async (path, body) => {
    const reply = await client.ask(path, { method: 'POST', body, signal });
    if (reply.status < 300) return issuedFrom(reply.body);
    const error = errorFrom(reply);
    throw isRefusal(reply.status) ? new VaultAuthenticationError('Vault refused the log-in', error) : error;
  },
});
