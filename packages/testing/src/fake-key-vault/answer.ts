import { type Arrived, type WireAnswer, headerOf, objectOf } from '../fake-server/wire.js';

/** A request as the vault sees it. */
export interface KeyVaultCall {
  readonly method: string;
  /** The path's segments, decoded: `['secrets', 'db', '4f…']`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly token: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface KeyVaultAnswer {
  readonly status: number;
  /** Undefined: no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const failure = (status: number, code: string, message: string, innerCode?: string): KeyVaultAnswer => ({
  status,
  body: { error: { code, message, ...(innerCode === undefined ? {} : { innererror: { code: innerCode } }) } },
});

export const badParameter = (message: string): KeyVaultAnswer => failure(400, 'BadParameter', message);

export const notFound = (name: string): KeyVaultAnswer =>
  failure(404, 'SecretNotFound', `A secret with (name/id) ${name} was not found in this key vault.`);

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

export const callFrom = (arrived: Arrived): KeyVaultCall => {
  const { pathname, searchParams } = new URL(arrived.url, 'https://vault');
  return {
    method: arrived.method,
    path: pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decoded),
    query: searchParams,
    token: /^Bearer (.+)$/.exec(headerOf(arrived, 'authorization') ?? '')?.[1],
    body: objectOf(arrived.body),
  };
};

const ALWAYS = {
  'cache-control': 'no-cache',
  'strict-transport-security': 'max-age=31536000;includeSubDomains',
  'x-ms-keyvault-region': 'westeurope',
  'x-ms-keyvault-service-version': '1.9.0.0',
};

export const encoded = ({ status, body, headers }: KeyVaultAnswer, requestId: string, wall: number): WireAnswer => ({
  status,
  text: body === undefined ? '' : JSON.stringify(body),
  headers: {
    ...ALWAYS,
    date: new Date(wall).toUTCString(),
    'x-ms-request-id': requestId,
    ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...headers,
  },
});
