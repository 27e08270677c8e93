import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** A request that has come in, by whichever door. */
export interface Arrived {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer as it goes out. */
export interface WireAnswer {
  readonly status: number;
  /** '' for none. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const headerOf = ({ headers }: Pick<Arrived, 'headers'>, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Headers without what they hold of credentials. `secret` has the names, in lower case. */
export const redactedHeaders = (headers: IncomingHttpHeaders, secret: ReadonlySet<string>): IncomingHttpHeaders =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, secret.has(name.toLowerCase()) ? '[redacted]' : value]),
  );

/** The object that a text of JSON is; `{}` for anything else. */
export const objectOf = (text: string): Readonly<Record<string, unknown>> => {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

export const readText = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

export const send = (response: ServerResponse, { status, text, headers }: WireAnswer): void => {
  if (response.destroyed) return;
  const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, ...length });
  response.end(text);
};
