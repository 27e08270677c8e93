import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { VaultAnswer, VaultCall } from './answer.js';

/** Anything a header can be read from. */
type HeaderOf = (name: string) => string | undefined;

const objectOf = (text: string): Readonly<Record<string, unknown>> => {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/** Undefined for what is not below `/v1/`. A token may come as a bearer, too. */
export const callFrom = (method: string, url: string, header: HeaderOf, body: string): VaultCall | undefined => {
  const { pathname, searchParams } = new URL(url, 'http://vault');
  if (!pathname.startsWith('/v1/')) return undefined;
  const bearer = /^Bearer (.+)$/.exec(header('authorization') ?? '')?.[1];
  return {
    method,
    path: decoded(pathname.slice('/v1/'.length)),
    query: searchParams,
    namespace: (header('x-vault-namespace') ?? '').replaceAll(/^\/+|\/+$/g, ''),
    token: header('x-vault-token') ?? bearer,
    body: objectOf(body),
  };
};

const CREDENTIALS = new Set(['x-vault-token', 'authorization', 'cookie']);

/** Headers without what they hold of tokens. */
export const redactedHeaders = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, CREDENTIALS.has(name.toLowerCase()) ? '[redacted]' : value]),
  );

const ALWAYS = {
  'cache-control': 'no-store',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

/** As bytes and headers: JSON with a line feed, as Vault sends it. */
export const encoded = ({ body, headers }: VaultAnswer): { text: string; headers: Record<string, string> } => {
  const text = body === undefined ? '' : `${JSON.stringify(body)}\n`;
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return { text, headers: { ...ALWAYS, ...type, ...headers } };
};

export const readText = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

export const send = (response: ServerResponse, answer: VaultAnswer): void => {
  if (response.destroyed) return;
  const { text, headers } = encoded(answer);
  const length = answer.status === 204 ? {} : { 'content-length': Buffer.byteLength(text) };
  response.writeHead(answer.status, { ...headers, ...length });
  response.end(text);
};
