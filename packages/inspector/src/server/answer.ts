import type { ServerResponse } from 'node:http';
import type { Refusal } from './refusal.js';

export interface Answer {
  readonly contentType: string;
  readonly text: string;
}

export const json = (data: unknown): Answer => ({
  contentType: 'application/json; charset=utf-8',
  text: JSON.stringify(data),
});

/** Of every answer: it is nobody's to keep, to guess the type of, to frame, or to run. */
export const GUARDS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

const write = (
  response: ServerResponse,
  status: number,
  { contentType, text }: Answer,
  headers: Readonly<Record<string, string>>,
): void => {
  const body = Buffer.from(text, 'utf8');
  response.writeHead(status, { ...GUARDS, ...headers, 'content-type': contentType, 'content-length': body.length });
  response.end(body);
};

export const send = (response: ServerResponse, answer: Answer): void => write(response, 200, answer, {});

/** The connection ends with it: what is left of the request is not read. */
export const refuse = (response: ServerResponse, { status, error, headers }: Refusal): void =>
  write(response, status, json({ error }), { ...headers, connection: 'close' });

/** The same as raw text, for requests that are no HTTP. */
export const refusalText = ({ status, error }: Refusal, reason: string): string => {
  const { contentType, text } = json({ error });
  const headers = {
    ...GUARDS,
    'content-type': contentType,
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${text}`;
};
