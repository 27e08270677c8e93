import { type Arrived, type WireAnswer, headerOf, objectOf } from '../fake-server/wire.js';
import type { VaultAnswer, VaultCall } from './answer.js';

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/** Undefined for what is not below `/v1/`. A token may come as a bearer, too. */
export const callFrom = (arrived: Arrived): VaultCall | undefined => {
  const { pathname, searchParams } = new URL(arrived.url, 'http://vault');
  if (!pathname.startsWith('/v1/')) return undefined;
  const bearer = /^Bearer (.+)$/.exec(headerOf(arrived, 'authorization') ?? '')?.[1];
  return {
    method: arrived.method,
    path: decoded(pathname.slice('/v1/'.length)),
    query: searchParams,
    namespace: (headerOf(arrived, 'x-vault-namespace') ?? '').replaceAll(/^\/+|\/+$/g, ''),
    token: headerOf(arrived, 'x-vault-token') ?? bearer,
    body: objectOf(arrived.body),
  };
};

const ALWAYS = {
  'cache-control': 'no-store',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

/** JSON with a line feed, as Vault sends it. */
export const encoded = ({ status, body, headers }: VaultAnswer): WireAnswer => {
  const text = body === undefined ? '' : `${JSON.stringify(body)}\n`;
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return { status, text, headers: { ...ALWAYS, ...type, ...headers } };
};
