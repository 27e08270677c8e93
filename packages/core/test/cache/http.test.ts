import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CacheControlOptions,
  Cached,
  type CachedOptions,
  ConfigurationError,
  HttpError,
  Retry,
  type RevalidateOptions,
  Timeout,
  type Validated,
  cacheControlTtl,
  revalidate,
} from '../../src/index.js';
import { errorOf, virtualWorld } from '../support/virtual-world.js';

describe('cacheControlTtl', () => {
  test.each([
    ['max-age=60', {}, { ttl: 60_000 }],
    ['max-age=60', { max: '10s' }, { ttl: 10_000 }],
    ['max-age=60', { default: '5m' }, { ttl: 60_000 }],
    ['', { default: '5m' }, { ttl: 300_000 }],
    ['', { default: '5m', max: '1m' }, { ttl: 60_000 }],
    ['', { default: Infinity }, { ttl: Infinity }],
    ['', {}, null],
    ['max-age=0', { default: '5m' }, null],
    ['no-store', { default: '5m' }, null],
    ['no-cache', { default: '5m' }, null],
    ['private, max-age=60', {}, { ttl: 60_000 }],
    ['private, max-age=60', { shared: true }, null],
    ['max-age=60, s-maxage=10', { shared: true }, { ttl: 10_000, hardTtl: 10_000 }],
    ['max-age=60, must-revalidate', {}, { ttl: 60_000, hardTtl: 60_000 }],
    ['max-age=60, stale-if-error=30', {}, { ttl: 60_000, hardTtl: 90_000, staleIfError: 30_000 }],
    ['max-age=60, stale-while-revalidate=30', {}, { ttl: 60_000, staleWhileRevalidate: 30_000 }],
    [
      'max-age=60, stale-if-error=10, stale-while-revalidate=30',
      {},
      { ttl: 60_000, hardTtl: 90_000, staleWhileRevalidate: 30_000, staleIfError: 10_000 },
    ],
  ])('of %p with %p is %p', (header, options, expected) => {
    expect(cacheControlTtl(new Headers({ 'cache-control': header }), options as CacheControlOptions)).toEqual(expected);
  });

  test('counts the age that the response had when it came', () => {
    expect(cacheControlTtl({ 'cache-control': 'max-age=60', age: '20' })).toEqual({ ttl: 40_000 });
    expect(cacheControlTtl({ 'cache-control': 'max-age=60', age: '60' }, { default: '5m' })).toBeNull();
  });

  test('takes responses, Headers, Maps and plain objects in any case, with lists of values', () => {
    const init = { headers: { 'Cache-Control': 'max-age=60' } };
    const each = [
      new Response('', init),
      init,
      new Headers(init.headers),
      new Map(Object.entries(init.headers)),
      init.headers,
    ];
    expect(each.map((given) => cacheControlTtl(given))).toEqual(each.map(() => ({ ttl: 60_000 })));
    expect(cacheControlTtl({ 'cache-control': ['max-age=60', 'private'] }, { shared: true })).toBeNull();
    expect(cacheControlTtl({ 'cache-control': 'max-age=60', age: 20 })).toEqual({ ttl: 40_000 });
  });

  test('counts Expires from now where it is told', () => {
    const now = Date.UTC(1994, 10, 6, 8, 49, 37);
    expect(cacheControlTtl({ expires: 'Sun, 06 Nov 1994 08:50:37 GMT' }, { now })).toEqual({ ttl: 60_000 });
  });

  test.each([{ default: 'soon' }, { max: -1 }, { shared: 1 }, { now: NaN }, { maximum: 5 }])(
    'refuses %p',
    (options) => {
      expect(() => cacheControlTtl({}, options as never)).toThrow(ConfigurationError);
    },
  );

  test('is a ttl of @Cached, whose end nothing passes', async () => {
    const world = virtualWorld();
    class Client {
      failure: Error | undefined = undefined;

      @Cached({ ttl: ({ headers }) => cacheControlTtl(headers), staleIfError: '1h' })
      async get(path: string): Promise<{ path: string; headers: Record<string, string> }> {
        if (this.failure !== undefined) throw this.failure;
        return {
          path,
          headers: { 'cache-control': path === '/strict' ? 'max-age=60, must-revalidate' : 'max-age=60' },
        };
      }
    }
    const client = world.own(new Client());
    await client.get('/strict');
    await client.get('/lax');
    await world.clock.advance(60_000);
    client.failure = Object.assign(new Error('down'), { status: 503 });
    expect(await client.get('/lax')).toMatchObject({ path: '/lax' });
    expect(await errorOf(client.get('/strict'))).toBe(client.failure);
  });
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

describe('revalidate', () => {
  const requests: { headers: IncomingMessage['headers']; status: number }[] = [];
  let handler: Handler = () => undefined;
  const server = createServer((request, response) => {
    handler(request, response);
    requests.push({ headers: request.headers, status: response.statusCode });
  });
  let base = '';

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => void requests.splice(0));
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** A page that changes when its version does. */
  const page = { version: 1, headers: {} as Record<string, string> };
  const serve =
    (validators: (version: number) => Record<string, string>): Handler =>
    (request, response) => {
      const now = validators(page.version);
      const isSame =
        request.headers['if-none-match'] === now['etag'] &&
        request.headers['if-modified-since'] === now['last-modified'];
      const hasAsked = 'if-none-match' in request.headers || 'if-modified-since' in request.headers;
      response.writeHead(hasAsked && isSame ? 304 : 200, { ...now, ...page.headers });
      response.end(hasAsked && isSame ? undefined : JSON.stringify({ text: `version ${page.version}` }));
    };

  const clientWith = (
    options: RevalidateOptions<{ text: string }> = {},
    cached: CachedOptions<any[], any, any> = { ttl: '1m', staleIfError: '1h' },
    init: RequestInit = {},
  ) => {
    page.version = 1;
    page.headers = {};
    const world = virtualWorld();
    class Pages {
      @Cached(cached)
      @Retry({ maxAttempts: 2, delay: 0 })
      @Timeout('5s')
      get(path: string): Promise<Validated<{ text: string }>> {
        return revalidate(`${base}${path}`, init, options);
      }
    }
    return { world, pages: world.own(new Pages()) };
  };

  test('asks with the ETag of the old value, and answers 304 with that value, fresh again', async () => {
    handler = serve((version) => ({ etag: `"v${version}"` }));
    const { world, pages } = clientWith();
    const first = await pages.get('/');
    expect(first).toEqual({ body: { text: 'version 1' }, etag: '"v1"' });
    await world.clock.advance(60_000);
    expect(await pages.get('/')).toBe(first);
    await world.clock.advance(59_999);
    expect(await pages.get('/')).toBe(first);
    expect(requests.map(({ status }) => status)).toEqual([200, 304]);
    await world.clock.advance(1);
    page.version = 2;
    expect(await pages.get('/')).toEqual({ body: { text: 'version 2' }, etag: '"v2"' });
    expect(requests.at(-1)).toMatchObject({ status: 200, headers: { 'if-none-match': '"v1"' } });
  });

  test('asks with Last-Modified, and with both where there are both', async () => {
    const lastModified = 'Sun, 06 Nov 1994 08:49:37 GMT';
    for (const validators of [{ 'last-modified': lastModified }, { etag: 'W/"1"', 'last-modified': lastModified }]) {
      handler = serve(() => validators);
      const { world, pages } = clientWith();
      const first = await pages.get('/');
      await world.clock.advance(60_000);
      expect(await pages.get('/')).toBe(first);
    }
    expect(requests.map(({ status }) => status)).toEqual([200, 304, 200, 304]);
  });

  test('asks anew where the server gave nothing to ask with', async () => {
    handler = serve(() => ({}));
    const { world, pages } = clientWith();
    expect(await pages.get('/')).toEqual({ body: { text: 'version 1' } });
    await world.clock.advance(60_000);
    await pages.get('/');
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });

  test('leaves conditions and headers of the caller as they are', async () => {
    handler = serve((version) => ({ etag: `"v${version}"` }));
    const { world, pages } = clientWith({}, undefined, { headers: { 'If-None-Match': '"mine"', accept: 'text/x' } });
    await pages.get('/');
    await world.clock.advance(60_000);
    await pages.get('/');
    expect(requests.map(({ headers }) => [headers['if-none-match'], headers.accept])).toEqual([
      ['"mine"', 'text/x'],
      ['"mine"', 'text/x'],
    ]);
  });

  test('answers an error with the old value where the method allows it, and a 304 that nobody asked for with an error', async () => {
    handler = serve((version) => ({ etag: `"v${version}"` }));
    const { world, pages } = clientWith();
    const first = await pages.get('/');
    await world.clock.advance(60_000);
    handler = (_request, response) => response.writeHead(503).end();
    const call = pages.get('/');
    expect(await call).toBe(first);
    handler = (_request, response) => response.writeHead(304).end();
    const error = await errorOf(pages.get('/other'));
    expect(error).toBeInstanceOf(HttpError);
    expect((error as HttpError).status).toBe(304);
  });

  test('lets Cache-Control decide on the ttl, of a 304 too', async () => {
    handler = serve((version) => ({ etag: `"v${version}"` }));
    const { world, pages } = clientWith({ cacheControl: { max: '1h' } });
    page.headers = { 'cache-control': 'max-age=10' };
    await pages.get('/');
    await world.clock.advance(10_000);
    page.headers = { 'cache-control': 'max-age=600' };
    await pages.get('/');
    await world.clock.advance(599_999);
    await pages.get('/');
    expect(requests.map(({ status }) => status)).toEqual([200, 304]);
    page.headers = {};
    await world.clock.advance(1);
    await pages.get('/');
    await world.clock.advance(59_999);
    await pages.get('/');
    expect(requests).toHaveLength(3);
    page.headers = { 'cache-control': 'no-store' };
    await pages.get('/new');
    await pages.get('/new');
    expect(requests).toHaveLength(5);
  });

  test('takes the headers at their word without further options', async () => {
    handler = serve(() => ({ expires: '0' }));
    const { pages } = clientWith({ cacheControl: true });
    await pages.get('/');
    await pages.get('/');
    expect(requests).toHaveLength(2);
  });

  test('has a default for servers that do not say', async () => {
    handler = serve(() => ({}));
    const { world, pages } = clientWith({ cacheControl: { default: '5m' } });
    await pages.get('/');
    await world.clock.advance(299_999);
    await pages.get('/');
    expect(requests).toHaveLength(1);
  });

  test('reads and fetches as it is told, under the signal of the attempt or of the caller', async () => {
    const signals: unknown[] = [];
    const fetch = async (_url: string | URL, { signal }: RequestInit): Promise<Response> => {
      signals.push(signal);
      return new Response('plain');
    };
    const read = async (response: Response): Promise<{ text: string }> => ({ text: await response.text() });
    expect(await clientWith({ fetch, read }).pages.get('/')).toEqual({ body: { text: 'plain' } });
    const { signal } = new AbortController();
    await clientWith({ fetch, read }, undefined, { signal }).pages.get('/');
    expect(signals).toEqual([expect.any(AbortSignal), signal]);
    expect(signals[0]).not.toBe(signal);
  });

  test('works in a method that is not cached, and is refused outside of one', async () => {
    handler = serve((version) => ({ etag: `"v${version}"` }));
    const world = virtualWorld();
    class Plain {
      @Retry()
      get(): Promise<Validated<unknown>> {
        return revalidate(base, {}, { cacheControl: true });
      }
    }
    expect(await world.own(new Plain()).get()).toEqual({ body: { text: 'version 1' }, etag: '"v1"' });
    expect(await errorOf(revalidate(base))).toBeInstanceOf(ConfigurationError);
  });
});
