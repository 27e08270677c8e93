/** The client, and what it makes of those who do not answer as they should. */
import { ConfigurationError } from '@holdfast/core';
import { type RequestListener, createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { inspect } from 'node:util';
import {
  type ConnectOptions,
  InspectorRefusedError,
  InspectorUnreachableError,
  connectInspector,
} from '../src/index.js';
import { CERTIFICATE } from './certificate.js';
import { TOKEN, atEnd, endAll, inspected } from './support.js';

afterEach(endAll);

const clientOf = (options: ConnectOptions) => connectInspector({ token: TOKEN, environment: {}, ...options });

const serving = (listener: RequestListener): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer(listener).listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
    atEnd(() => {
      server.closeAllConnections();
      server.close();
    });
  });

const saying = (bytes: string): Promise<string> =>
  new Promise((resolve) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bytes));
    }).listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    atEnd(() => server.close());
  });

const unreachable = async (promise: Promise<unknown>): Promise<InspectorUnreachableError> => {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InspectorUnreachableError);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  return error as InspectorUnreachableError;
};

describe('no inspector', () => {
  test('nobody listens: neither at a port nor at a socket', async () => {
    const { inspector } = await inspected();
    await inspector.close();
    const byUrl = await unreachable(clientOf({ url: inspector.url }).info());
    expect([byUrl.reason, byUrl.address, byUrl.code]).toEqual(['refused', inspector.url, 'INSPECTOR_UNREACHABLE']);
    expect(byUrl.message).toBe(`no inspector at ${inspector.url}: nothing listens there`);
    const bySocket = await unreachable(clientOf({ socketPath: '/nowhere/inspector.sock' }).health());
    expect([bySocket.reason, bySocket.address]).toEqual(['not-found', '/nowhere/inspector.sock']);
  });

  test('the answer does not come in time, or not whole', async () => {
    const silent = await serving(() => undefined);
    expect((await unreachable(clientOf({ url: silent, timeout: 20 }).stats())).reason).toBe('timeout');
    const dripping = await serving((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
    });
    expect((await unreachable(clientOf({ url: dripping, timeout: 40 }).stats())).reason).toBe('timeout');
    const ending = await serving((_request, response) => void response.socket?.destroy());
    expect((await unreachable(clientOf({ url: ending }).stats())).reason).toBe('disconnected');
    const half = await serving((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{', () => response.socket?.destroy());
    });
    expect((await unreachable(clientOf({ url: half }).stats())).reason).toBe('disconnected');
  });

  test.each<[string, RequestListener]>([
    ['a page', (_request, response) => void response.setHeader('content-type', 'text/html').end('<h1>Hello</h1>')],
    ['broken JSON', (_request, response) => void response.setHeader('content-type', 'application/json').end('{')],
    [
      'JSON that is no object',
      (_request, response) => void response.setHeader('content-type', 'application/json').end('1'),
    ],
    [
      'a redirection, which is not followed',
      (_request, response) =>
        void response.writeHead(302, { location: 'http://127.0.0.1:1/', 'content-type': 'application/json' }).end('{}'),
    ],
    [
      "another program's error",
      (_request, response) => void response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"x"}'),
    ],
  ])('what answers is no inspector: %s', async (_what, listener) => {
    const client = clientOf({ url: await serving(listener) });
    expect((await unreachable(client.health())).reason).toBe('not-an-inspector');
    expect((await unreachable(client.metrics())).reason).toBe('not-an-inspector');
    expect((await unreachable(client.clear({ all: true }))).reason).toBe('not-an-inspector');
  });

  test('what answers speaks no HTTP, or has no end', async () => {
    expect((await unreachable(clientOf({ url: await saying('SSH-2.0-OpenSSH_9.2\r\n') }).info())).reason).toBe(
      'not-an-inspector',
    );
    const endless = await serving((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more);
      };
      more();
    });
    expect((await unreachable(clientOf({ url: endless }).info())).reason).toBe('not-an-inspector');
  });

  test('a certificate that nobody trusts', async () => {
    const { inspector } = await inspected({ tls: CERTIFICATE });
    expect(inspector.url).toMatch(/^https:/);
    expect((await unreachable(clientOf({ url: inspector.url }).info())).reason).toBe('certificate');
    expect((await clientOf({ url: inspector.url, ca: CERTIFICATE.cert }).info()).pid).toBe(process.pid);
  });
});

test('a refusal has its status, its code, its remedy, and when to come again', async () => {
  const { inspector, client } = await inspected({ limits: { requestsPerMinute: 1 } });
  const wrong: unknown = await connectInspector({ url: inspector.url, token: 'wrong', environment: {} })
    .metrics()
    .catch((error: unknown) => error);
  expect(wrong).toBeInstanceOf(InspectorRefusedError);
  expect(wrong).toMatchObject({
    code: 'INSPECTOR_REFUSED',
    status: 401,
    refusal: 'UNAUTHORIZED',
    message: 'the inspector refuses: the request must have the token of this inspector',
    remedy: 'send it as Authorization: Bearer TOKEN',
    known: undefined,
    retryAfter: undefined,
  });
  await client.health();
  await expect(client.metrics()).rejects.toMatchObject({
    status: 429,
    refusal: 'TOO_MANY_REQUESTS',
    retryAfter: 60_000,
  });
});

test('metrics are text', async () => {
  const { client } = await inspected();
  expect(await client.metrics()).toContain('holdfast_info{');
});

describe('options', () => {
  test.each<[string, ConnectOptions, string]>([
    ['no place', {}, 'url or socketPath is needed; or set HOLDFAST_INSPECTOR_URL or HOLDFAST_INSPECTOR_SOCKET'],
    ['two places', { url: 'http://127.0.0.1:1', socketPath: '/a' }, 'url and socketPath exclude each other'],
    ['no URL', { url: 'nonsense' }, 'url must be a URL'],
    ['another scheme', { url: 'ftp://127.0.0.1' }, 'url must begin with'],
    ['credentials', { url: 'http://user:hunter2@127.0.0.1:1' }, 'url must not have credentials'],
    ['a path', { url: 'http://127.0.0.1:1/v1' }, 'url must be scheme, host and port alone'],
    ['another machine in clear', { url: 'http://192.0.2.1:1' }, 'url must begin with https:// for another machine'],
    ['a name of another machine in clear', { url: 'http://127.0.0.1.evil.example' }, 'url must begin with https://'],
    ['a token with a line in it', { url: 'http://127.0.0.1:1', token: 'a\r\nb: c' }, 'token must be printable ASCII'],
    [
      'a timeout that a timer would take for none',
      { url: 'http://127.0.0.1:1', timeout: 2 ** 31 },
      'timeout must be at most 2147483647 milliseconds, got 2147483648',
    ],
    ['a timeout that is none', { url: 'http://127.0.0.1:1', timeout: 0 }, 'timeout must be a whole number >= 1'],
    ['an option that nobody knows', { uri: 'http://127.0.0.1:1' } as ConnectOptions, 'uri is no option'],
  ])('%s is refused', (_what, options, problem) => {
    expect(() => clientOf(options)).toThrow(ConfigurationError);
    expect(() => clientOf(options)).toThrow(`connectInspector: ${problem}`);
    expect(() => clientOf(options)).not.toThrow('hunter2');
  });

  test('a token is needed', () => {
    expect(() => connectInspector({ url: 'http://127.0.0.1:1', environment: {} })).toThrow(
      'token is needed; or set HOLDFAST_INSPECTOR_TOKEN',
    );
    expect(
      connectInspector({ url: 'http://localhost:1', environment: { HOLDFAST_INSPECTOR_TOKEN: 'x' } }).address,
    ).toBe('http://localhost:1');
    expect(connectInspector({ url: 'https://192.0.2.1', token: 'x', environment: {} }).address).toBe(
      'https://192.0.2.1',
    );
    expect(connectInspector({ url: 'http://[::1]:9', token: 'x', environment: {} }).address).toBe('http://[::1]:9');
  });
});
