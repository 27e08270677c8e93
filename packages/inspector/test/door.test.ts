/** Who may ask, and who may not. */
import { Cached } from '@holdfast/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { type Inspector, startInspector } from '../src/index.js';
import { CERTIFICATE } from './certificate.js';
import { TOKEN, atEnd, endAll, errorOf, inspected, post, raw, rawConnection, send } from './support.js';

afterEach(endAll);

class Catalog {
  @Cached()
  async product(id: string): Promise<string> {
    return id;
  }
}

const portOf = ({ url }: Inspector): string => new URL(url).port;

describe('the token', () => {
  test.each<[string, Record<string, string | string[]>]>([
    ['none', { authorization: '' }],
    ['another one', { authorization: 'Bearer another-token-of-thirty-two-chars' }],
    ['its beginning', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['more than it', { authorization: `Bearer ${TOKEN}x` }],
    ['it alone', { authorization: TOKEN }],
    ['it as a password', { authorization: `Basic ${Buffer.from(`admin:${TOKEN}`).toString('base64')}` }],
    ['it as a cookie', { authorization: '', cookie: `token=${TOKEN}; authorization=Bearer ${TOKEN}` }],
    ['it in another header', { authorization: '', 'x-api-key': TOKEN, 'proxy-authorization': `Bearer ${TOKEN}` }],
  ])('%s is refused', async (_what, headers) => {
    const { inspector } = await inspected();
    const reply = await send(inspector, { headers });
    expect([reply.status, reply.headers['www-authenticate'], errorOf(reply)['code']]).toEqual([
      401,
      'Bearer',
      'UNAUTHORIZED',
    ]);
    expect(reply.text).not.toContain(TOKEN);
  });

  test('in the query it is refused, with the right header as well', async () => {
    const { inspector } = await inspected();
    const path = `/v1/health?token=${TOKEN}`;
    expect((await send(inspector, { path, headers: { authorization: '' } })).status).toBe(401);
    expect((await send(inspector, { path })).status).toBe(400);
  });

  test('two of them are refused', async () => {
    const { inspector } = await inspected();
    const host = `127.0.0.1:${portOf(inspector)}`;
    const header = `authorization: Bearer ${TOKEN}\r\n`;
    const reply = await raw(inspector, `GET /v1/health HTTP/1.1\r\nhost: ${host}\r\n${header}${header}\r\n`);
    expect(reply).toMatch(/^HTTP\/1.1 401 /);
  });

  test('whoever has none learns nothing but that it takes one', async () => {
    const { inspector } = await inspected();
    const replies = await Promise.all(
      [
        { path: '/v1/health' },
        { path: '/nothing' },
        { path: '/v1/explain?method=Secret.method' },
        { method: 'DELETE' },
        { method: 'POST', path: '/v1/caches/clear', body: '{"all":true}' },
      ].map((each) => send(inspector, { ...each, headers: { authorization: '' } })),
    );
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  test('one that is made at random is new each time, and told once', async () => {
    const told: unknown[] = [];
    const started = await Promise.all(
      [1, 2].map(() => startInspector({ environment: {}, onReady: (ready) => void told.push(ready) })),
    );
    for (const each of started) atEnd(() => each.close());
    expect(new Set(started.map(({ token }) => token)).size).toBe(2);
    for (const { token } of started) expect(token).toMatch(/^[\w-]{43}$/);
    const byUrl = new Map(started.map(({ url, token }) => [url, { url, token }]));
    expect(new Set(told)).toEqual(new Set(byUrl.values()));
    expect((await send(started[0] as Inspector)).status).toBe(200);
  });

  test('one that is given is told to nobody', async () => {
    const told: unknown[] = [];
    const { inspector } = await inspected({ onReady: (ready) => void told.push(ready) });
    expect(told).toEqual([{ url: inspector.url }]);
    expect(inspect(inspector, { depth: 9, showHidden: true })).not.toContain(TOKEN);
    expect(JSON.stringify(inspector)).not.toContain(TOKEN);
  });

  test('without onReady one that is made at random is printed on standard error, and none that is given', async () => {
    const printed: string[] = [];
    const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    atEnd(() => spy.mockRestore());
    const one = await startInspector({ environment: {} });
    atEnd(() => one.close());
    await inspected();
    expect(printed).toEqual([`holdfast: inspector at ${one.url}, token ${one.token}\n`]);
  });
});

describe('a refusal', () => {
  test.each<[string, Parameters<typeof send>[1], number, Record<string, unknown>]>([
    [
      'no token',
      { headers: { authorization: '' } },
      401,
      {
        code: 'UNAUTHORIZED',
        message: 'the request must have the token of this inspector',
        remedy: 'send it as Authorization: Bearer TOKEN',
      },
    ],
    [
      'a foreign host',
      { headers: { host: 'evil.example' } },
      403,
      {
        code: 'FORBIDDEN_HOST',
        message: 'the inspector does not answer to this host name',
        remedy: expect.stringContaining('allowedHosts') as unknown,
      },
    ],
    [
      'a foreign page',
      { headers: { origin: 'https://evil.example' } },
      403,
      { code: 'FORBIDDEN_ORIGIN', message: 'the inspector does not answer pages of other sites' },
    ],
    ['an unknown address', { path: '/v2' }, 404, { code: 'NOT_FOUND', message: 'there is nothing at this address' }],
    [
      'another method',
      { method: 'DELETE' },
      405,
      { code: 'METHOD_NOT_ALLOWED', message: 'only GET may be asked here' },
    ],
    [
      'a body where none belongs',
      { headers: { 'content-length': '2' }, body: '{}' },
      400,
      { code: 'BAD_REQUEST', message: 'a GET has no body' },
    ],
    [
      'a parameter that nobody knows',
      { path: '/v1/health?x=1' },
      400,
      { code: 'BAD_REQUEST', message: 'the address has a parameter that nobody knows' },
    ],
  ])('of %s says what it is about, and what to do', async (_what, request, status, error) => {
    const { inspector } = await inspected();
    const reply = await send(inspector, request);
    expect([reply.status, errorOf(reply)]).toEqual([status, error]);
  });

  test.each([
    ['requestsPerMinute', { path: '/v1/health' }, 'requests'],
    ['strangersPerMinute', { headers: { authorization: '' } }, 'requests without the right token'],
    ['changesPerMinute', { method: 'POST', path: '/v1/caches/clear' }, 'changes'],
  ])('beyond %s says of what there were too many', async (limit, request, what) => {
    const { inspector } = await inspected({ limits: { [limit]: 1 } });
    await send(inspector, request);
    const reply = await send(inspector, request);
    expect([reply.status, errorOf(reply)['message']]).toEqual([429, expect.stringContaining(what)]);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('the host', () => {
  test('the names of the loopback interface with the port are answered, and those configured', async () => {
    const { inspector } = await inspected({ allowedHosts: ['Admin.Internal', 'proxy.internal:8443'] });
    const port = portOf(inspector);
    const right = ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST', 'admin.internal'].map((name) => `${name}:${port}`);
    for (const host of [...right, 'admin.internal', 'proxy.internal:8443'])
      expect([host, (await send(inspector, { headers: { host } })).status]).toEqual([host, 200]);
    const wrong = [
      'evil.example',
      `evil.example:${port}`,
      'localhost',
      '127.0.0.1',
      'localhost:1',
      `localhost.evil.example:${port}`,
    ];
    const odd = [
      `127.0.0.1:${port}@evil.example`,
      `user@localhost:${port}`,
      'proxy.internal',
      `127.0.0.2:${port}`,
      `2130706433:${port}`,
    ];
    for (const host of [...wrong, ...odd]) {
      const reply = await send(inspector, { headers: { host } });
      expect([host, reply.status, errorOf(reply)['code']]).toEqual([host, 403, 'FORBIDDEN_HOST']);
    }
  });

  test('a request without a host, and one with two, are refused', async () => {
    const { inspector } = await inspected();
    const host = `host: 127.0.0.1:${portOf(inspector)}\r\n`;
    const auth = `authorization: Bearer ${TOKEN}\r\n`;
    expect(await raw(inspector, `GET /v1/health HTTP/1.1\r\n${auth}\r\n`)).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(inspector, `GET /v1/health HTTP/1.0\r\n${auth}\r\n`)).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(inspector, `GET /v1/health HTTP/1.1\r\n${host}${host}${auth}\r\n`)).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(inspector, `GET /v1/health HTTP/1.0\r\n${host}${auth}\r\n`)).toMatch(/^HTTP\/1.1 200 /);
  });

  test('a whole URL as the target must name the inspector, too', async () => {
    const { inspector } = await inspected();
    const host = `127.0.0.1:${portOf(inspector)}`;
    const ask = (target: string): Promise<string> =>
      raw(
        inspector,
        `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${TOKEN}\r\nconnection: close\r\n\r\n`,
      );
    expect(await ask(`http://${host}/v1/health`)).toMatch(/^HTTP\/1.1 200 /);
    for (const target of [
      'http://evil.example/v1/health',
      `http://evil.example@${host}/v1/health`,
      `http://${host}@evil.example/v1/health`,
    ])
      expect(await ask(target)).toMatch(/^HTTP\/1.1 403 /);
    // Slashes begin a path, never a host.
    for (const target of ['//v1/health', `//${host}/v1/health`]) expect(await ask(target)).toMatch(/^HTTP\/1.1 404 /);
  });
});

describe('pages of other sites', () => {
  test.each<[string, Record<string, string>]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['no origin of its own', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['another scheme', { origin: 'https://127.0.0.1' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling site', { 'sec-fetch-site': 'same-site' }],
  ])('%s changes nothing', async (_what, headers) => {
    const { inspector, own, runtime } = await inspected();
    await own(new Catalog()).product('1');
    const reply = await post(inspector, { all: true }, headers);
    expect([reply.status, errorOf(reply)['code'], runtime.stats().total.size]).toEqual([403, 'FORBIDDEN_ORIGIN', 1]);
  });

  test('the own origin, and programs, which say none, may change', async () => {
    const { inspector } = await inspected();
    expect(
      (await post(inspector, { all: true }, { origin: inspector.url, 'sec-fetch-site': 'same-origin' })).status,
    ).toBe(200);
    expect((await post(inspector, { all: true }, { 'sec-fetch-site': 'none' })).status).toBe(200);
    expect((await post(inspector, { all: true })).status).toBe(200);
  });

  test('a form cannot be sent, a preflight is refused, and nothing allows another origin', async () => {
    const { inspector } = await inspected();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      expect((await post(inspector, { all: true }, { 'content-type': type })).status).toBe(400);
    const preflight = await send(inspector, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.allow]).toEqual([405, 'GET, POST']);
    for (const reply of [
      preflight,
      await send(inspector),
      await send(inspector, { headers: { origin: inspector.url } }),
    ])
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('requests', () => {
  test('every answer is guarded', async () => {
    const { inspector } = await inspected();
    const replies = [
      await send(inspector),
      await send(inspector, { path: '/metrics' }),
      await send(inspector, { path: '/nothing' }),
      await send(inspector, { headers: { authorization: '' } }),
      await post(inspector, 'nonsense'),
    ];
    for (const { headers, text } of replies)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'content-length': String(Buffer.byteLength(text)),
        'content-type': expect.stringMatching(
          /^(?:application\/json|text\/plain; version=0\.0\.4); charset=utf-8$/,
        ) as unknown,
      });
    const broken = await raw(inspector, 'nonsense\r\n\r\n');
    expect(broken).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    for (const guard of ['no-store', 'nosniff', "default-src 'none'", '"BAD_REQUEST"']) expect(broken).toContain(guard);
  });

  test('what is not there, and what may not be asked there, are told apart', async () => {
    const { inspector } = await inspected();
    for (const path of ['/', '/v1', '/v1/health/', '/V1/health', '/v1/../metrics', '/v1/caches/clear%00', '/__proto__'])
      expect([path, (await send(inspector, { path })).status]).toEqual([path, 404]);
    const wrong = await send(inspector, { method: 'DELETE', path: '/v1/caches' });
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET']);
    const read = await send(inspector, { path: '/v1/caches/clear' });
    expect([read.status, read.headers.allow]).toEqual([405, 'POST']);
    expect((await send(inspector, { path: '/v1/stats?x=1' })).status).toBe(400);
    expect((await send(inspector, { path: '/v1/explain?method=a&method=b' })).status).toBe(400);
    expect((await send(inspector, { path: '/v1/explain?method=' })).status).toBe(400);
    expect((await send(inspector, { body: 'x', headers: { 'content-length': '1' } })).status).toBe(400);
  });

  test('a body of more than 4 KiB is refused, announced or not', async () => {
    const { inspector } = await inspected();
    const body = (size: number): string => JSON.stringify({ tag: 'x'.repeat(size - 10) });
    expect(body(4_096)).toHaveLength(4_096);
    expect((await post(inspector, body(4_096))).status).toBe(404);
    expect((await post(inspector, body(4_097))).status).toBe(413);
    expect((await post(inspector, body(4_097), { 'transfer-encoding': 'chunked' })).status).toBe(413);
    expect((await post(inspector, Buffer.from([0x7b, 0xff, 0x7d]))).status).toBe(400);
  });

  test('sixty changes pass in a minute, and then one each second', async () => {
    const { inspector, clock } = await inspected();
    for (let count = 0; count < 60; count++) expect((await post(inspector, { all: true })).status).toBe(200);
    const reply = await post(inspector, { all: true });
    expect([reply.status, reply.headers['retry-after'], errorOf(reply)['code']]).toEqual([
      429,
      '1',
      'TOO_MANY_REQUESTS',
    ]);
    expect((await send(inspector)).status).toBe(200);
    await clock.advance(1_000);
    expect([(await post(inspector, { all: true })).status, (await post(inspector, { all: true })).status]).toEqual([
      200, 429,
    ]);
    await clock.advance(3_600_000);
    expect((await post(inspector, { all: true })).status).toBe(200);
  });

  test('all requests are bounded, and strangers cannot use up what is for others', async () => {
    const { inspector, clock } = await inspected({ limits: { requestsPerMinute: 3, strangersPerMinute: 2 } });
    const stranger = { headers: { authorization: '' } };
    expect([(await send(inspector, stranger)).status, (await send(inspector, stranger)).status]).toEqual([401, 401]);
    const late = await send(inspector, stranger);
    expect([late.status, late.headers['retry-after']]).toEqual([429, '30']);
    for (const status of [200, 200, 200, 429]) expect((await send(inspector)).status).toBe(status);
    await clock.advance(20_000);
    for (const status of [200, 429]) expect((await send(inspector)).status).toBe(status);
  });
});

describe('connections', () => {
  const PATIENT = 5;

  test('a request that comes drop by drop is ended', async () => {
    const { inspector } = await inspected({ limits: { headersTimeout: 40, requestTimeout: 80 } });
    const { socket, ended } = await rawConnection(inspector);
    socket.write('GET /v1/health HTTP/1.1\r\n');
    let isEnded = false;
    void ended.then(() => (isEnded = true));
    // A header now and then, for ever: no silence is long enough to be noticed.
    while (!isEnded) {
      socket.write('x: y\r\n');
      await sleep(PATIENT);
    }
    expect(await ended).toMatch(/^HTTP\/1.1 408 /);
    expect((await send(inspector)).status).toBe(200);
  });

  test('a body that comes drop by drop, and a connection that says nothing, are ended', async () => {
    const { inspector } = await inspected({ limits: { headersTimeout: 40, requestTimeout: 80 } });
    const silent = await rawConnection(inspector);
    const slow = await rawConnection(inspector);
    const head = `POST /v1/caches/clear HTTP/1.1\r\nhost: 127.0.0.1:${portOf(inspector)}\r\nauthorization: Bearer ${TOKEN}\r\n`;
    slow.socket.write(`${head}content-type: application/json\r\ncontent-length: 4000\r\n\r\n{`);
    let isEnded = false;
    void slow.ended.then(() => (isEnded = true));
    while (!isEnded) {
      slow.socket.write(' ');
      await sleep(PATIENT);
    }
    await silent.ended;
    expect((await send(inspector)).status).toBe(200);
  });

  test('more than the bound are closed at once, and the first ones live on', async () => {
    const { inspector } = await inspected({ limits: { connections: 3 } });
    const first = await Promise.all([1, 2, 3].map(() => rawConnection(inspector)));
    const excess = await rawConnection(inspector);
    expect(await excess.ended).toBe('');
    const host = `127.0.0.1:${portOf(inspector)}`;
    first[0]?.socket.end(
      `GET /v1/health HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${TOKEN}\r\nconnection: close\r\n\r\n`,
    );
    expect(await first[0]?.ended).toMatch(/^HTTP\/1.1 200 /);
  });

  test('whoever does not speak TLS where it is spoken is cut off, and close waits for no handshake', async () => {
    const { inspector } = await inspected({ tls: CERTIFICATE });
    expect(await raw(inspector, 'GET /v1/health HTTP/1.1\r\n\r\n')).toBe('');
    const silent = await rawConnection(inspector);
    await inspector.close();
    expect(await silent.ended).toBe('');
  });

  test('close ends all of them, and the port is free', async () => {
    const { inspector } = await inspected();
    const idle = await rawConnection(inspector);
    await inspector.close();
    await inspector.close();
    expect(await idle.ended).toBe('');
    await expect(send(inspector)).rejects.toThrow('ECONNREFUSED');
  });
});
