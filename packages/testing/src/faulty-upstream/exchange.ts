import type { IncomingMessage, ServerResponse } from 'node:http';
import { clearTimeout, setTimeout } from '../real-time.js';
import type { Fault, ParsedPhase, RetryAfter } from './phase.js';
import { encodeBody, Reply, reply } from './reply.js';
import type { RequestRecord } from './request-log.js';
import type { Responder } from './responder.js';

/** What was decided about a request when it arrived. */
export interface Verdict {
  readonly phase: ParsedPhase;
  /** Milliseconds. */
  readonly latency: number;
  readonly isFaulty: boolean;
}

/** One request and its answer, or lack of one. */
export class Exchange {
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #record: RequestRecord;
  readonly #respond: Responder;

  constructor(incoming: IncomingMessage, response: ServerResponse, record: RequestRecord, respond: Responder) {
    this.#incoming = incoming;
    this.#response = response;
    this.#record = record;
    this.#respond = respond;
  }

  /** Reads the request, waits, answers as the verdict says. Ends early when the client leaves. Never rejects. */
  async run(verdict: Verdict): Promise<void> {
    try {
      await this.#play(verdict);
    } catch (error) {
      this.#apologise(error);
    }
  }

  async #play({ phase, latency, isFaulty }: Verdict): Promise<void> {
    if (!(await this.#readBody())) return;
    if (latency > 0) await this.#pause(latency);
    if (this.#response.destroyed) return;
    if (isFaulty && phase.fault !== undefined) return this.#misbehave(phase.fault);
    const hasOwnBody = phase.body !== undefined && phase.fault === undefined;
    const answer = asReply(hasOwnBody ? phase.body : await this.#respond(this.#record));
    if (!this.#response.destroyed) this.#send(answer);
  }

  /** False when the client left before the end of its request. */
  async #readBody(): Promise<boolean> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of this.#incoming) chunks.push(chunk as Buffer);
    } catch {
      return false;
    }
    this.#record.body = Buffer.concat(chunks).toString();
    return true;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#response.off('close', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      // The connection keeps the process alive, if anything shall.
      timer.unref();
      this.#response.once('close', end);
    });
  }

  /** A responder that throws, or returns what cannot be sent, is a 500, as in any server; its message is for the test. */
  #apologise(error: unknown): void {
    if (this.#response.headersSent || this.#response.destroyed) return void this.#response.destroy();
    this.#send(reply({ error: error instanceof Error ? error.message : String(error) }, { status: 500 }));
  }

  async #misbehave(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'hang':
        this.#record.outcome = 'hung';
        return;
      case 'reset':
        this.#record.outcome = 'reset';
        this.#incoming.socket.resetAndDestroy();
        return;
      case 'truncate':
        return this.#truncate();
      case 'malformed':
        return this.#send(reply('{"malformed": ', { headers: { 'content-type': 'application/json' } }), 'malformed');
      case 'status':
        return this.#send(statusReply(fault));
    }
  }

  #send(answer: Reply, outcome: 'answered' | 'malformed' = 'answered'): void {
    const bytes = this.#writeHead(answer);
    this.#record.outcome = outcome;
    this.#response.end(bytes);
  }

  async #truncate(): Promise<void> {
    const answer = asReply(await this.#respond(this.#record));
    const bytes = this.#writeHead(answer);
    this.#record.outcome = 'truncated';
    // Half a body must have left before the connection dies, or the client would see a plain reset.
    const half = bytes.subarray(0, Math.floor(bytes.length / 2));
    this.#response.flushHeaders();
    this.#response.write(half, () => this.#response.destroy());
  }

  #writeHead({ status, headers, body }: Reply): Buffer {
    const { bytes, type } = encodeBody(body);
    this.#record.status = status;
    this.#response.writeHead(status, {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(status === 204 || status === 304 ? {} : { 'content-length': bytes.length }),
      ...headers,
    });
    return bytes;
  }
}

const asReply = (answer: unknown): Reply => (answer instanceof Reply ? answer : reply(answer));

function statusReply({
  status,
  retryAfter,
  body = { error: `status ${status}` },
}: Extract<Fault, { kind: 'status' }>): Reply {
  return reply(body, {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfterText(retryAfter) },
  });
}

/** HTTP dates have whole seconds; rounding up keeps the promise of the delay. */
function retryAfterText(retryAfter: RetryAfter): string {
  if (typeof retryAfter !== 'object') return String(retryAfter);
  const moment = retryAfter instanceof Date ? retryAfter.getTime() : Date.now() + retryAfter.httpDateIn;
  return new Date(Math.ceil(moment / 1000) * 1000).toUTCString();
}
