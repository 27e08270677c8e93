import { Agent } from 'node:http';
import { connect } from 'node:net';
import type { FaultyUpstream, FaultyUpstreamOptions, Phase } from '../src/index.js';
import { ask, failureOf } from './client.js';
import { arrival, eventually, upstreamWith } from './upstreams.js';

describe('faults', () => {
  async function inPhase(phase: Phase, options?: FaultyUpstreamOptions): Promise<FaultyUpstream> {
    const upstream = await upstreamWith(options);
    await upstream.setPhase(phase);
    return upstream;
  }

  test('a status phase answers every request with the status', async () => {
    const upstream = await inPhase({ status: 502 });
    const answer = await ask(upstream.url);
    expect([answer.status, answer.text, upstream.phase]).toEqual([502, '{"error":"status 502"}', 'status 502']);
    await upstream.setPhase({ status: 500, body: 'oops' });
    expect((await ask(upstream.url)).text).toBe('oops');
  });

  test('Retry-After is seconds, an HTTP date, or any text, with 429 unless a status is given', async () => {
    const upstream = await inPhase({ retryAfter: 2 });
    const header = async () => (await ask(upstream.url)).headers['retry-after'];
    const answer = await ask(upstream.url);
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '2']);
    await upstream.setPhase({ status: 503, retryAfter: new Date(Date.UTC(2030, 0, 1, 0, 0, 0, 1)) });
    expect(await header()).toBe('Tue, 01 Jan 2030 00:00:01 GMT');
    await upstream.setPhase({ retryAfter: 'soon' });
    expect(await header()).toBe('soon');
    const before = Date.now();
    await upstream.setPhase({ retryAfter: { httpDateIn: 5_000 } });
    expect(Date.parse((await header()) as string)).toBeGreaterThanOrEqual(before + 5_000);
  });

  test('an error rate spares the rest, and the seed repeats which', async () => {
    const statuses = async (seed: number): Promise<number[]> => {
      const upstream = await inPhase({ errorRate: 0.5 }, { seed });
      const result: number[] = [];
      for (let n = 0; n < 20; n += 1) result.push((await ask(upstream.url)).status as number);
      expect(upstream.seed).toBe(seed);
      return result;
    };
    const first = await statuses(7);
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await statuses(7)).toEqual(first);
    expect(await statuses(8)).not.toEqual(first);
  });

  test('a hanging request is never answered, and ends when the upstream closes', async () => {
    const upstream = await inPhase({ hang: true });
    const asking = failureOf(ask(upstream.url));
    await arrival(upstream, 1);
    expect([upstream.inFlight, upstream.maxInFlight, upstream.requests.recent[0]?.outcome]).toEqual([1, 1, 'hung']);
    await upstream.close();
    expect(await asking).toBe('ECONNRESET');
  });

  test('a reset destroys the connection after the request was read', async () => {
    const upstream = await inPhase({ reset: true });
    expect(await failureOf(ask(upstream.url, { method: 'POST', body: 'sent' }))).toBe('ECONNRESET');
    expect(upstream.requests.recent[0]).toMatchObject({ body: 'sent', outcome: 'reset', status: undefined });
  });

  test('a truncated answer announces more than it sends', async () => {
    const upstream = await inPhase(
      { truncate: true },
      { respond: ({ path }) => (path === '/short' ? 'x' : 'x'.repeat(1_000)) },
    );
    expect(await failureOf(ask(upstream.url))).toBe('ECONNRESET');
    expect(await failureOf(ask(`${upstream.url}/short`))).toBe('ECONNRESET');
    expect(upstream.requests.recent.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['truncated', 200],
      ['truncated', 200],
    ]);
  });

  test('a malformed answer claims to be JSON', async () => {
    const upstream = await inPhase({ malformed: true });
    const answer = await ask(upstream.url);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(() => JSON.parse(answer.text) as unknown).toThrow(SyntaxError);
    expect(upstream.requests.recent[0]?.outcome).toBe('malformed');
  });

  test('an outage refuses connections, breaks those that exist, and ends on the same port', async () => {
    const upstream = await upstreamWith();
    const { url } = upstream;
    const agent = new Agent({ keepAlive: true });
    await ask(url, { agent });
    await upstream.setPhase({ hang: true });
    const hanging = failureOf(ask(url));
    await arrival(upstream, 2);
    await upstream.setPhase({ refuse: true });
    expect(await hanging).toBe('ECONNRESET');
    expect(await failureOf(ask(url, { agent }))).toMatch(/ECONNREFUSED|ECONNRESET/);
    expect(await failureOf(ask(url))).toBe('ECONNREFUSED');
    expect(upstream.phase).toBe('refuse');
    await upstream.heal();
    expect([upstream.url, upstream.phase]).toEqual([url, 'healthy']);
    expect((await ask(url)).status).toBe(200);
    agent.destroy();
  });

  test('a phase may give the healthy answer and its latency', async () => {
    const upstream = await inPhase({ name: 'slow', latency: [1, 3], body: { cached: false } });
    expect((await ask(upstream.url)).text).toBe('{"cached":false}');
    expect(upstream.requests.byPhase).toEqual({ slow: 1 });
  });

  test('a client that leaves during the latency is not answered', async () => {
    const upstream = await inPhase({ latency: 60_000 });
    const controller = new AbortController();
    const asking = failureOf(ask(upstream.url, { signal: controller.signal }));
    await arrival(upstream, 1);
    controller.abort();
    await asking;
    await eventually(() => upstream.inFlight === 0);
    expect(upstream.requests.recent[0]?.outcome).toBe('abandoned');
  });

  test('a client that leaves in the middle of its request is recorded', async () => {
    const upstream = await upstreamWith();
    const socket = connect(upstream.port, '127.0.0.1');
    socket.write('POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    await eventually(() => upstream.requests.count === 1);
    socket.destroy();
    await eventually(() => upstream.inFlight === 0);
    expect(upstream.requests.recent[0]).toMatchObject({ path: '/half', outcome: 'abandoned' });
  });

  test('a client that leaves while the responder works is not answered', async () => {
    let proceed = (): void => undefined;
    const upstream = await upstreamWith({ respond: () => new Promise<void>((resolve) => (proceed = resolve)) });
    const controller = new AbortController();
    const asking = failureOf(ask(upstream.url, { signal: controller.signal }));
    await arrival(upstream, 1);
    controller.abort();
    await asking;
    await eventually(() => upstream.inFlight === 0);
    proceed();
    await eventually(() => true);
    expect(upstream.requests.recent[0]?.outcome).toBe('abandoned');
  });

  test('contradictions and values out of range are refused', async () => {
    const upstream = await upstreamWith();
    const refusals: [Phase, string][] = [
      [{ hang: true, reset: true }, 'a phase has one fault, got hang and reset'],
      [{ hang: true, status: 500 }, 'a phase has one fault, got hang and status'],
      [{ refuse: true, status: 500 }, 'a phase that refuses connections cannot also status'],
      [{ status: 99 }, 'status must be 200 to 599, got 99'],
      [{ errorRate: 1.5 }, 'errorRate must be 0 to 1, got 1.5'],
      [{ latency: [5, 1] }, 'latency must be milliseconds or [min, max], got [5,1]'],
      [{ latency: -1 }, 'latency must be milliseconds or [min, max], got -1'],
      [{ delay: 5 } as Phase, "a phase has no option 'delay'"],
    ];
    for (const [phase, message] of refusals) await expect(upstream.setPhase(phase)).rejects.toThrow(message);
    expect(upstream.phase).toBe('healthy');
  });
});
