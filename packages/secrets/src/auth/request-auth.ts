import type { SecretEnvelope } from '../provider/envelope.js';
import { Secret } from '../secrecy/secret.js';
import { type AuthScheme, type Credentials, credentialsIn } from './credentials.js';

/** What authenticates one request. Printing it shows no secret. */
export interface RequestAuth {
  readonly headerName: string;
  readonly scheme: 'bearer' | 'basic' | 'raw';
  /** The header's whole value. */
  readonly value: Secret;
  applyTo(headers: Headers): void;
}

export interface AuthForm {
  readonly headerName: string;
  readonly scheme: AuthScheme;
}

const isAuthorization = (headerName: string): boolean => headerName.toLowerCase() === 'authorization';

const basic = (username: string, password: Secret): string =>
  `Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}`;

const valueOf = (
  credentials: Credentials,
  { headerName, scheme }: AuthForm,
): readonly [RequestAuth['scheme'], string] => {
  if (credentials.kind === 'password') return ['basic', basic(credentials.username, credentials.password)];
  const token = credentials.token.reveal();
  // A header of another name is read as it is by those who ask for one, such as `X-API-Key`.
  const isRaw = scheme === 'raw' || (scheme === 'auto' && !isAuthorization(headerName));
  return isRaw ? ['raw', token] : ['bearer', `Bearer ${token}`];
};

/** @throws SecretFormatError when there are no credentials in the secret. */
export const requestAuthOf = ({ data }: SecretEnvelope, form: AuthForm): RequestAuth => {
  const { headerName } = form;
  const [scheme, text] = valueOf(credentialsIn(data, form.scheme), form);
  const value = new Secret(text);
  return { headerName, scheme, value, applyTo: (headers) => headers.set(headerName, value.reveal()) };
};
