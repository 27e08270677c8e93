import { type AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { classifyInternal } from './classify.js';
import { HttpError, throwIfNotOk } from './http-error.js';
import { retryAfterOf } from './retry-after.js';

const caught = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};
const failed = (changes: object = {}): { ok: boolean; status: number } => ({ ok: false, status: 503, ...changes });

describe('throwIfNotOk', () => {
  it('returns the very response when it is ok, its body untouched', () => {
    const response = new Response('text');
    expect(throwIfNotOk(response)).toBe(response);
    expect(response.bodyUsed).toBe(false);
  });

  it('throws status, words and safe headers, and nothing that may hold a secret', () => {
    const headers = {
      'Retry-After': '7',
      'Content-Type': 'text/plain',
      'X-Request-Id': 'r1',
      ETag: 'e1',
      'Set-Cookie': 'session=s3cret',
      'WWW-Authenticate': 'Bearer s3cret',
      Location: 'https://s3cret/',
    };
    const error = caught(() =>
      throwIfNotOk(new Response('s3cret', { status: 503, statusText: 'Service Unavailable', headers })),
    );
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({
      name: 'HttpError',
      message: 'HTTP 503 Service Unavailable',
      status: 503,
      statusText: 'Service Unavailable',
      headers: { 'retry-after': '7', 'content-type': 'text/plain', 'x-request-id': 'r1', etag: 'e1' },
    });
    expect(Object.isFrozen((error as HttpError).headers)).toBe(true);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('s3cret');
  });

  it('is understood by the table and by the retry', () => {
    const error = caught(() => throwIfNotOk(new Response(null, { status: 429, headers: { 'retry-after': '7' } })));
    expect(classifyInternal(error)).toBe('transient');
    expect(retryAfterOf(error, 0)).toBe(7000);
  });

  it('cancels a web body and destroys a Node body', () => {
    const cancel = jest.fn(() => Promise.resolve());
    const destroy = jest.fn();
    caught(() => throwIfNotOk(failed({ body: { cancel } })));
    caught(() => throwIfNotOk(failed({ body: { destroy } })));
    expect([cancel.mock.calls.length, destroy.mock.calls.length]).toEqual([1, 1]);
  });

  it.each<[string, object]>([
    ['is locked', { body: { cancel: () => Promise.reject(new TypeError('locked')) } }],
    [
      'throws when cancelled',
      {
        body: {
          cancel: () => {
            throw new Error('x');
          },
        },
      },
    ],
    [
      'throws when read',
      {
        get body() {
          throw new Error('x');
        },
      },
    ],
    ['cannot be cancelled', { body: {} }],
    ['is null', { body: null }],
    ['is text', { body: 'text' }],
  ])('throws the status also when the body %s', async (_, changes) => {
    const response = Object.defineProperties(failed(), Object.getOwnPropertyDescriptors(changes));
    expect(caught(() => throwIfNotOk(response))).toMatchObject({ message: 'HTTP 503' });
    await new Promise(setImmediate);
  });

  it('frees the connection of a real fetch', async () => {
    let closed = (): void => undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    const server = createServer((_, response) => {
      response.on('close', () => closed());
      response.writeHead(500).write('the rest never comes');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(() => throwIfNotOk(response)).toThrow('HTTP 500 Internal Server Error');
    await isClosed;
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('HttpError', () => {
  it.each([
    [undefined, 'HTTP 503'],
    ['', 'HTTP 503'],
    ['Bad\r\nX: y', 'HTTP 503 Bad X: y'],
    ['x'.repeat(1000), `HTTP 503 ${'x'.repeat(64)}`],
  ])('writes one short line (%#)', (statusText, message) => {
    expect(new HttpError({ status: 503, statusText }).message).toBe(message);
  });

  it('bounds headers and takes the first of several values', () => {
    const headers = { etag: 'x'.repeat(1000), 'retry-after': ['1', '2'], 'content-type': 5, date: 'a\nb' };
    expect(new HttpError({ status: 503, headers }).headers).toEqual({
      etag: 'x'.repeat(256),
      'retry-after': '1',
      date: 'a b',
    });
  });

  it('can be made of any headers', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (headers, statusText) => {
        expect(new HttpError({ status: 500, headers, statusText: statusText as string }).status).toBe(500);
      }),
    );
  });
});
