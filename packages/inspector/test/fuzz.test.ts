/** Whatever is sent, the inspector answers the next one, and the process knows nothing of it. */
import { Cached } from '@holdfast/core';
import fc from 'fast-check';
import { TOKEN, type World, endAll, inspected, post, raw, rawConnection, send } from './support.js';

class Catalog {
  @Cached()
  async product(id: string): Promise<string> {
    return id;
  }
}

let world: World;

beforeEach(async () => {
  const unlimited = { changesPerMinute: 1e6, requestsPerMinute: 1e6, strangersPerMinute: 1e6 };
  world = await inspected({ limits: { ...unlimited, headersTimeout: 5_000, requestTimeout: 10_000 } });
  await world.own(new Catalog()).product('1');
});

/** What nobody has handled fails the test by itself, once there was a turn for it to be noticed. */
afterEach(async () => {
  const reply = await send(world.inspector);
  const { size } = world.runtime.stats().total;
  await new Promise((resolve) => void setImmediate(resolve));
  await endAll();
  expect([reply.status, size]).toEqual([200, 1]);
});

/** Of a request on the wire: what may be said instead of what should be. */
const oddly = (usual: string, ...odd: string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(...odd) },
    fc.string({ maxLength: 20 }),
  );

const PATHS = ['/v1/health', '/v1/stats', '/v1/info', '/v1/caches', '/v1/explain?method=x', '/metrics', '/'];

const header = fc.oneof(
  fc.constant(`authorization: Bearer ${TOKEN}`),
  fc.constantFrom(
    'authorization: Bearer',
    'authorization: Basic eDp4',
    'content-length: 5',
    'content-length: -1',
    'content-length: 99999999999999999999',
    'transfer-encoding: chunked',
    'transfer-encoding: chunked, identity',
    'connection: upgrade\r\nupgrade: websocket',
    'expect: 100-continue',
    'expect: 200-ok',
    'origin: null',
    'host: evil.example',
    ' folded: header',
    'no colon',
    ': no name',
    'x\0y: z',
    `x: ${'y'.repeat(9_000)}`,
    `${'x'.repeat(9_000)}: y`,
    'content-type: application/json; charset=\xff',
    '__proto__: x',
    'constructor: x',
  ),
  fc.string({ maxLength: 40 }),
);

const message = fc
  .record({
    method: oddly('GET', 'POST', 'OPTIONS', 'TRACE', 'CONNECT', 'PRI', 'PROPFIND', 'get', 'G\0T', 'M-SEARCH', ''),
    path: oddly(
      '/v1/health',
      ...PATHS,
      '*',
      'http://evil.example/',
      '//evil.example',
      '/%',
      '/%00',
      '/..',
      '?',
      'x:1',
      `/${'x'.repeat(9_000)}`,
    ),
    version: oddly('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.1 x', ''),
    hosts: fc.constantFrom(1, 1, 1, 0, 2),
    headers: fc.array(header, { maxLength: 5 }),
    end: fc.constantFrom('\r\n', '\n', '\r', '\r\n\0'),
    body: fc.oneof(
      fc.constant(''),
      fc.string({ maxLength: 50 }),
      fc.constantFrom('5\r\nhello\r\n0\r\n\r\n', 'ffffffffff\r\n', 'zz\r\n', '{"all":tru'),
    ),
  })
  .map(({ method, path, version, hosts, headers, end, body }) => {
    const host = `host: ${new URL(world.inspector.url).host}`;
    const lines = [`${method} ${path} ${version}`, ...Array<string>(hosts).fill(host), ...headers];
    return Buffer.from(`${lines.join(end)}${end}${end}${body}`, 'latin1');
  });

/** An answer of ours, several of them, or none at all. */
const ANSWERS = /^(?:HTTP\/1\.1 (?:100|200|400|401|403|404|405|408|413|417|431) [^]*)?$/;

test('bytes that are anything', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(await raw(world.inspector, bytes)).toMatch(ANSWERS);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('HTTP that is nearly right', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 3 }), async (messages) => {
      const answer = await raw(world.inspector, Buffer.concat(messages));
      expect(answer).toMatch(ANSWERS);
      expect(answer).not.toContain(TOKEN);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('requests that are cut off anywhere, and connections that are reset', async () => {
  const host = `host: ${new URL(world.inspector.url).host}`;
  const whole = `POST /v1/caches/clear HTTP/1.1\r\n${host}\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n{"tag":"missing"}`;
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.boolean(), async (length, isReset) => {
      const { socket, ended } = await rawConnection(world.inspector);
      await new Promise<unknown>((written) => socket.write(whole.slice(0, length), written));
      if (isReset) socket.resetAndDestroy();
      else socket.end();
      expect(await ended).toMatch(ANSWERS);
    }),
    { seed: 1, numRuns: 60 },
  );
});

test('JSON that says something else', async () => {
  const key = fc.oneof(
    fc.constantFrom('all', 'method', 'tag', 'provider', '__proto__', 'constructor', 'prototype', 'toString'),
    fc.string(),
  );
  const body = fc.oneof(
    fc.json().map((text) => text),
    fc.dictionary(key, fc.jsonValue(), { maxKeys: 3 }).map((value) => JSON.stringify(value)),
    key.map((name) => `{${JSON.stringify(name)}:"Catalog.none"}`),
    fc.string({ maxLength: 60 }),
    fc.constantFrom('{"all":true', '{"all":true}}', '[[[[', '['.repeat(2_000), '{"method":"\\ud800"}', '\ufeff{}', ''),
  );
  await fc.assert(
    fc.asyncProperty(
      body.filter((text) => !/^\s*\{\s*"all"\s*:\s*true\s*\}\s*$/.test(text)),
      async (text) => {
        const reply = await post(world.inspector, text);
        expect([400, 404, 413]).toContain(reply.status);
        expect(JSON.parse(reply.text)).toEqual({
          error: expect.objectContaining({ code: expect.any(String) as unknown }) as unknown,
        });
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test('names that are asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '%', '%00', '&', '=')),
      async (name) => {
        const path = `/v1/explain?method=${encodeURIComponent(name)}`;
        expect([400, 404]).toContain((await send(world.inspector, { path })).status);
      },
    ),
    { seed: 1, numRuns: 60 },
  );
});
