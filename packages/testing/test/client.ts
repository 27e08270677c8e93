import { type Agent, request, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly body?: string;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** A plain HTTP request on a connection of its own, unless an agent is given. */
export function ask(url: string, { method = 'GET', body, agent, signal }: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent: agent ?? false, ...(signal && { signal }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The code of the error that the request ends with; fails the test when it is answered. */
export async function failureOf(asking: Promise<unknown>): Promise<string | undefined> {
  const answered = Symbol('answered');
  const outcome = await asking.then(
    () => answered,
    (error: unknown) => error,
  );
  if (outcome === answered) throw new Error('the request was answered');
  return (outcome as NodeJS.ErrnoException).code;
}
