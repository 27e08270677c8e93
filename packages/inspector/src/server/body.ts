import type { IncomingMessage } from 'node:http';
import { LARGEST_BODY } from '../protocol.js';
import { Refusal, badRequest } from './refusal.js';

const tooLarge = (): Refusal =>
  new Refusal(413, 'TOO_LARGE', { message: `the body of a request has at most ${LARGEST_BODY} bytes` });

/** True for a request that announces a body. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** By events: leaving a loop over the stream would destroy the connection, and with it the answer. */
const bytesOf = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const add = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= LARGEST_BODY) chunks.push(chunk);
      else {
        request.off('data', add).pause();
        reject(tooLarge());
      }
    };
    request.on('data', add);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    // Nobody is left to be answered.
    request.once('close', () => reject(badRequest('the request ended before its body did')));
    request.once('error', () => reject(badRequest('the request ended before its body did')));
  });

/** The parsed JSON body. @throws Refusal */
export const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/json')
    throw badRequest('the body must be JSON', 'send it with Content-Type: application/json');
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY) throw tooLarge();
  const bytes = await bytesOf(request);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw badRequest('the body is no JSON in UTF-8');
  }
};
