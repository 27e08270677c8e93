import { createServer } from 'node:net';
import { faultyUpstream, reply, type FaultyUpstream } from '../src/index.js';
import { ask, failureOf } from './client.js';
import { arrival, upstreamWith } from './upstreams.js';

const jsonOf = (text: string): unknown => JSON.parse(text);

describe('healthy answers', () => {
  test('an upstream without options echoes the path and counts the requests', async () => {
    const upstream = await upstreamWith();
    expect(upstream.url).toBe(`http://127.0.0.1:${upstream.port}`);
    const answer = await ask(`${upstream.url}/products/1?full=1`);
    expect([answer.status, answer.headers['content-type'], jsonOf(answer.text)]).toEqual([
      200,
      'application/json',
      { path: '/products/1', n: 1 },
    ]);
    expect(jsonOf((await ask(upstream.url)).text)).toEqual({ path: '/', n: 2 });
  });

  test('a responder is told the request and answers JSON, text, bytes, nothing, or a reply of its own', async () => {
    const answers: unknown[] = [
      { a: 1 },
      'text',
      Buffer.from([1, 2]),
      undefined,
      reply({ gone: true }, { status: 410, headers: { 'x-why': 'old' } }),
    ];
    const seen: string[] = [];
    const upstream = await upstreamWith({
      respond: async ({ method, url, body, n }) => {
        seen.push(`${method} ${url} ${body}`);
        return answers[n - 1];
      },
    });
    const got = [];
    for (let n = 0; n < answers.length; n += 1)
      got.push(await ask(`${upstream.url}/x?n=${n}`, { method: 'POST', body: `body ${n}` }));
    expect(got.map(({ status, headers }) => [status, headers['content-type']])).toEqual([
      [200, 'application/json'],
      [200, 'text/plain; charset=utf-8'],
      [200, 'application/octet-stream'],
      [204, undefined],
      [410, 'application/json'],
    ]);
    expect(got[4]?.headers['x-why']).toBe('old');
    expect(seen[1]).toBe('POST /x?n=1 body 1');
  });

  test('HEAD is answered with the headers of GET and no body', async () => {
    const upstream = await upstreamWith({ routes: { 'GET /a': 'four' } });
    const answer = await ask(`${upstream.url}/a`, { method: 'HEAD' });
    expect([answer.status, answer.headers['content-length'], answer.text]).toEqual([200, '4', '']);
  });

  test('routes are tried in order; what none answers is 404, or the responder', async () => {
    const routes = {
      '/fixed': { left: 3 },
      'POST /orders': () => reply({ id: 1 }, { status: 201 }),
      '/products/*': ({ path }: { path: string }) => path,
    };
    const upstream = await upstreamWith({ routes });
    const texts = async (from: FaultyUpstream, paths: string[]) =>
      Promise.all(paths.map(async (path) => (await ask(from.url + path)).text));
    expect(await texts(upstream, ['/fixed', '/products/7', '/orders'])).toEqual([
      '{"left":3}',
      '/products/7',
      '{"error":"no route for GET /orders"}',
    ]);
    expect((await ask(`${upstream.url}/orders`, { method: 'POST' })).status).toBe(201);
    const other = await upstreamWith({ routes, respond: () => 'otherwise' });
    expect(await texts(other, ['/orders'])).toEqual(['otherwise']);
    await expect(faultyUpstream({ routes: { orders: 1 } })).rejects.toThrow(
      "a route reads '/path', 'GET /path' or '/path/*', got 'orders'",
    );
  });

  test('a responder that throws or returns what cannot be sent is a 500 that says why', async () => {
    const upstream = await upstreamWith({
      respond: ({ path }) => {
        if (path === '/bigint') return 1n;
        throw path === '/error' ? new Error('broken') : 'odd';
      },
    });
    const [broken, odd, bigint] = await Promise.all(
      ['/error', '/odd', '/bigint'].map((path) => ask(upstream.url + path)),
    );
    expect([broken?.status, broken?.text]).toEqual([500, '{"error":"broken"}']);
    expect([odd?.status, odd?.text]).toEqual([500, '{"error":"odd"}']);
    expect([bigint?.status, bigint?.text]).toEqual([500, expect.stringContaining('BigInt')]);
  });
});

describe('scripts', () => {
  test('a script goes through its windows in order and ends at the baseline', async () => {
    const script = [
      { name: 'errors', from: 0, to: 3, status: 500 },
      { name: 'outage', from: 3, to: 6, refuse: true },
      { name: 'limited', from: 6, to: 9, retryAfter: 1 },
    ];
    const upstream = await upstreamWith({ script, baseline: { name: 'normal', body: 'fine' } });
    expect([upstream.phase, (await ask(upstream.url)).text]).toEqual(['normal', 'fine']);
    const order: string[] = [];
    const entries = ['outage', 'limited', 'normal'];
    await upstream.start();
    order.push(upstream.phase);
    await Promise.all(entries.map((name) => upstream.entered(name).then(() => order.push(name))));
    expect(order).toEqual(['errors', ...entries]);
    expect((await ask(upstream.url)).status).toBe(200);
  });

  test('a script can be started again, and ends when a phase is set by hand', async () => {
    const upstream = await upstreamWith({
      script: [
        { name: 'down', from: 0, status: 500 },
        { name: 'far', from: 60_000, hang: true },
      ],
    });
    await upstream.start();
    await upstream.setPhase({ name: 'by hand' });
    expect(upstream.phase).toBe('by hand');
    await upstream.start();
    await upstream.entered('down');
    expect((await ask(upstream.url)).status).toBe(500);
  });

  test('an outage that cannot end because the port is taken is reported, and ends when it can', async () => {
    const upstream = await upstreamWith({ patience: 0, script: [{ from: 0, to: 5, refuse: true }] });
    await upstream.start();
    const borrower = createServer();
    await new Promise<void>((resolve) => borrower.listen(upstream.port, '127.0.0.1', resolve));
    await expect(upstream.entered('healthy')).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(upstream.entered('healthy')).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(upstream.phase).toBe('refuse');
    await expect(upstream.heal()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await new Promise((resolve) => borrower.close(resolve));
    await upstream.heal();
    await upstream.entered('healthy');
    expect((await ask(upstream.url)).status).toBe(200);
  });
});

describe('the record', () => {
  test('requests are counted by phase and by path, and the recent ones are kept', async () => {
    const upstream = await upstreamWith({ logLimit: 2 });
    await ask(`${upstream.url}/a?x=1`);
    await upstream.setPhase({ name: 'bad', status: 500 });
    await ask(`${upstream.url}/a`);
    await ask(`${upstream.url}/b`);
    const { requests } = upstream;
    expect([requests.count, requests.byPhase, requests.byPath]).toEqual([
      3,
      { healthy: 1, bad: 2 },
      { '/a': 2, '/b': 1 },
    ]);
    expect(requests.recent.map(({ n, path, status }) => [n, path, status])).toEqual([
      [2, '/a', 500],
      [3, '/b', 500],
    ]);
    requests.clear();
    expect([requests.count, requests.byPhase, requests.byPath, requests.recent]).toEqual([0, {}, {}, []]);
  });

  test('concurrent requests show in maxInFlight', async () => {
    const upstream = await upstreamWith();
    await upstream.setPhase({ hang: true });
    const asking = [1, 2, 3].map(() => failureOf(ask(upstream.url)));
    await arrival(upstream, 3);
    expect([upstream.inFlight, upstream.maxInFlight]).toEqual([3, 3]);
    await upstream.close();
    await Promise.all(asking);
    expect([upstream.inFlight, upstream.maxInFlight]).toEqual([0, 3]);
  });
});

describe('closing', () => {
  test('a block of await using closes the upstream', async () => {
    let url: string;
    {
      await using upstream = await faultyUpstream();
      url = upstream.url;
    }
    expect(await failureOf(ask(url))).toBe('ECONNREFUSED');
  });

  test('a closed upstream refuses to be used, and closing again is harmless', async () => {
    const upstream = await upstreamWith({ script: [{ from: 60_000, hang: true }] });
    await upstream.start();
    const waiting = upstream.entered('hang');
    await upstream.close();
    await upstream.close();
    await expect(waiting).rejects.toThrow('the upstream is closed');
    await expect(upstream.entered('hang')).rejects.toThrow('closed');
    await expect(upstream.start()).rejects.toThrow('closed');
    await expect(upstream.setPhase({})).rejects.toThrow('closed');
    await expect(upstream.heal()).rejects.toThrow('closed');
  });
});
