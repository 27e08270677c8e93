import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { ConfigurationError } from '@holdfast/core';
import fc from 'fast-check';
import {
  type SecretAuthOptions,
  SecretAuth,
  SecretFormatError,
  authenticatedFetch,
  credentialsIn,
  refreshOnAuthFailure,
} from '../src/index.js';
import { PATH, type World, worldWith } from './vault/world.js';

const auths = (world: World, options: Partial<SecretAuthOptions> = {}): SecretAuth =>
  new SecretAuth({ provider: world.vault, path: PATH, runtime: world.runtime, ...options });

const worldOf = async (secret: Record<string, unknown>): Promise<World> => {
  const world = await worldWith();
  world.server.setSecret(PATH, secret);
  return world;
};

const URL_OF_API = 'https://api.example.com/v1/things';

describe('what a secret says about who asks', () => {
  test.each([
    [{ token: 'canary-token' }, {}, 'Bearer canary-token'],
    [{ username: 'ann', password: 'päss:word' }, {}, `Basic ${Buffer.from('ann:päss:word').toString('base64')}`],
    [{ value: 'ann:secret' }, {}, `Basic ${Buffer.from('ann:secret').toString('base64')}`],
    [{ value: ' canary-token\n' }, {}, 'Bearer canary-token'],
    [{ value: 'a:token:with:colons' }, { scheme: 'bearer' }, 'Bearer a:token:with:colons'],
    [{ token: 'tok-1', username: 'u', password: 'p' }, {}, 'Bearer tok-1'],
    [{ token: 't', username: 'u', password: 'p' }, { scheme: 'basic' }, 'Basic dTpw'],
    [{ token: 'k-1' }, { headerName: 'X-API-Key' }, 'k-1'],
    [{ token: 'k-1' }, { headerName: 'X-API-Key', scheme: 'bearer' }, 'Bearer k-1'],
    [{ username: 'u', password: 'p' }, { headerName: 'X-Auth' }, 'Basic dTpw'],
    [{ token: 'GoogleLogin auth=x' }, { scheme: 'raw' }, 'GoogleLogin auth=x'],
    [{ value: 'ann:secret', token: 't' }, { scheme: 'basic' }, `Basic ${Buffer.from('ann:secret').toString('base64')}`],
    [{ value: ':secret', token: 'tok-3' }, {}, 'Bearer tok-3'],
    [{ username: 'ann', value: 'tok-2' }, {}, 'Bearer tok-2'],
    [{ password: 'p', value: 'tok-2' }, {}, 'Bearer tok-2'],
  ] as const)('M4: %j with %j', async (secret, options, value) => {
    const world = await worldOf(secret);
    const auth = await world.ended(auths(world, options).authFor(URL_OF_API));
    expect(auth?.value.reveal()).toBe(value);
    expect(inspect(auth, { depth: 9, showHidden: true })).not.toContain(value.split(' ').at(-1));
  });

  test.each([
    [{}],
    [{ user: 'ann' }],
    [{ token: '' }],
    [{ token: 'two\nlines' }],
    [{ token: 7 }],
    [{ username: 'an:n', password: 'p' }],
    [{ username: '', password: 'p' }],
    [{ username: 'ann', password: 'canary\u0000' }],
    [{ value: ':no name' }],
    [{ value: '' }],
    [{ username: 'ann', password: 7 }],
    [{ username: 7, password: 'canary' }],
    [{ password: 'canary' }],
  ])('M5: %j is no credential; the error does not quote it, and it is not kept', async (secret) => {
    const world = await worldOf(secret);
    const auth = auths(world);
    const error = (await world.errorOf(auth.authFor(URL_OF_API))) as Error;
    expect([error.name, error.message.includes('canary')]).toEqual(['SecretFormatError', false]);
    expect(world.vault.stats.size).toBe(0);
    world.server.setSecret(PATH, { token: 'good' });
    expect((await world.ended(auth.authFor(URL_OF_API)))?.value.reveal()).toBe('Bearer good');
  });

  test('the parser alone throws nothing but SecretFormatError, whatever a secret holds', () => {
    const field = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.string({ unit: 'binary' }));
    const secrets = fc.record({ token: field, username: field, password: field, value: field }, { requiredKeys: [] });
    fc.assert(
      fc.property(secrets, fc.constantFrom('auto', 'bearer', 'basic', 'raw'), (secret, scheme) => {
        try {
          credentialsIn(secret, scheme);
        } catch (error) {
          if (!(error instanceof SecretFormatError)) throw error;
        }
      }),
    );
  });
});

describe('M26: who may be sent a secret', () => {
  const HOSTS = ['api.example.com', '*.internal', 'localhost:8080', 'a*z.test', '[::1]'];

  test.each([
    ['https://api.example.com/x', true],
    ['https://API.Example.COM./x', true],
    ['http://api.example.com:81/x', true],
    ['https://xapi.example.com/', false],
    ['https://api.example.com.evil.test/', false],
    ['https://api.example.com@evil.test/', false],
    ['https://evil.test/?api.example.com', false],
    ['https://deep.down.internal/', true],
    ['https://internal/', false],
    ['http://localhost:8080/', true],
    ['http://localhost/', false],
    ['http://localhost:8081/', false],
    ['https://a-to-z.test/', true],
    ['https://az.test/', true],
    ['https://a.test/', false],
    ['http://[::1]:9/', true],
    ['ftp://api.example.com/', false],
    ['file:///etc/passwd', false],
    ['not a url', false],
  ])('%s: %s', async (url, isAllowed) => {
    const world = await worldOf({ token: 't' });
    const auth = auths(world, { allowedHosts: HOSTS });
    expect((await world.ended(auth.authFor(url))) !== null).toBe(isAllowed);
    expect(world.server.requests.count > 0).toBe(isAllowed);
  });

  /** No provider is asked whether a host is allowed. */
  const allows = (allowedHosts: readonly string[], url: string): boolean =>
    new SecretAuth({ provider: { read: () => undefined } as never, path: PATH, allowedHosts }).isAllowed(url);

  test('asterisks stand for any characters, as many of them as there are in a pattern', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '.'), { minLength: 1, maxLength: 8 });
    const hosts = letters.map((all) => `x${all.join('')}x`).filter((host) => !host.includes('..'));
    const patterns = fc.array(fc.constantFrom('a', 'b', 'x', '.', '*'), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        patterns.map((all) => all.join('')).filter((text) => !/^\.?$|\.$/.test(text)),
        hosts,
        (pattern, host) => {
          const model = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
          expect(allows([pattern], `https://${host}/`)).toBe(model.test(host));
        },
      ),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test.each([
    ['a*b*c', 'axbxc', true],
    ['a*b*c', 'axc', false],
    ['a*bc*c', 'axbc', false],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
    ['*', 'anything.test', true],
    ['  api.example.com ', 'api.example.com', true],
    ['API.example.com.', 'api.example.com', true],
    ['münchen.example', 'xn--mnchen-3ya.example', true],
    ['münchen.example', 'münchen.example', true],
    ['*.münchen.example', 'api.münchen.example', true],
  ])('%j and %s: %s', (pattern, host, isAllowed) => {
    expect(allows([pattern], `https://${host}/`)).toBe(isAllowed);
  });

  test('a pattern with a port is for that port alone, also where a URL leaves it out', () => {
    const urls = ['https://api.test/', 'http://api.test/', 'http://api.test:443/', 'https://api.test:8443/'];
    expect(urls.map((url) => allows(['api.test:443'], url))).toEqual([true, false, true, false]);
    expect(urls.map((url) => allows(['api.test:80'], url))).toEqual([false, true, false, false]);
  });

  test('no patterns allow nobody, none given all; switched off, nothing is read', async () => {
    const world = await worldOf({ token: 't' });
    expect(await auths(world, { allowedHosts: [] }).authFor(URL_OF_API)).toBeNull();
    expect(await auths(world, { enabled: false }).authFor(URL_OF_API)).toBeNull();
    expect(world.server.requests.count).toBe(0);
    expect(await world.ended(auths(world).authFor(URL_OF_API))).not.toBeNull();
  });

  test('patterns are matched in linear time', () => {
    const world = { read: () => Promise.reject(new Error('not asked')) };
    const allowedHosts = [`${'*a'.repeat(100)}b`];
    const auth = new SecretAuth({ provider: world as never, path: PATH, allowedHosts });
    expect(auth.isAllowed(`https://${'a.'.repeat(120)}test/`)).toBe(false);
  });

  test.each([
    [{ allowedHosts: ['https://api.example.com'] }, 'allowedHosts: each must be a host'],
    [{ allowedHosts: ['api.example.com/path'] }, 'allowedHosts: each must be a host'],
    [{ allowedHosts: ['me@example.com'] }, 'allowedHosts: each must be a host'],
    [{ allowedHosts: [''] }, 'allowedHosts: each must be a host'],
    [{ allowedHosts: [7] }, 'allowedHosts: each must be a host'],
    [{ allowedHosts: 'api.example.com' }, 'allowedHosts: must be a list of hosts'],
    [{ enabled: 'yes' }, 'SecretAuth: enabled must be true or false'],
    [{ path: 7 }, 'SecretAuth: path must be where the provider has the secret'],
    [{ provider: undefined }, 'SecretAuth: provider must be a provider'],
    [{ headerName: 'X Key' }, "SecretAuth: headerName must be the name of a header, such as 'X-API-Key'"],
    [{ scheme: 'digest' }, "SecretAuth: scheme must be 'auto', 'bearer', 'basic' or 'raw'"],
    [{ path: '' }, 'SecretAuth: path must be where the provider has the secret'],
    [{ provider: {} }, 'SecretAuth: provider must be a provider'],
    [{ hosts: [] }, 'SecretAuth: hosts is no option; known options: allowedHosts, enabled, headerName, path'],
  ])('%j is refused at once', async (options, message) => {
    const world = await worldWith();
    expect(() => auths(world, options as never)).toThrow(ConfigurationError);
    expect(() => auths(world, options as never)).toThrow(message);
  });
});

interface Upstream {
  readonly fetch: typeof globalThis.fetch;
  readonly sent: { readonly header: string | null; readonly retried: boolean; readonly body: string }[];
  accepts: string | undefined;
  status: number;
}

/** A server that takes one header value and no other. */
const upstream = (accepts: string | undefined, headerName = 'authorization'): Upstream => {
  const state: Upstream = {
    sent: [],
    accepts,
    status: 401,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const header = request.headers.get(headerName);
      const retried = request.headers.has('x-holdfast-retried');
      state.sent.push({ header, retried, body: await request.text() });
      return new Response('', { status: header === state.accepts ? 200 : state.status });
    },
  };
  return state;
};

describe('requests', () => {
  test('have the secret where the host is allowed, and are left alone elsewhere', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream('Bearer old');
    const fetch = authenticatedFetch(auths(world, { allowedHosts: ['api.example.com'] }), server);
    await world.ended(fetch(URL_OF_API, { headers: { accept: 'text/plain' } }));
    await world.ended(fetch('https://elsewhere.test/'));
    await world.ended(fetch(new Request(URL_OF_API, { headers: { Authorization: 'mine' } })));
    expect(server.sent.map(({ header }) => header)).toEqual(['Bearer old', null, 'mine']);
  });

  test('each knows its scheme', async () => {
    const schemeOf = async (secret: Record<string, unknown>, options: Partial<SecretAuthOptions> = {}) => {
      const world = await worldOf(secret);
      return (await world.ended(auths(world, options).authFor(URL_OF_API)))?.scheme;
    };
    expect(await schemeOf({ token: 't' })).toBe('bearer');
    expect(await schemeOf({ username: 'u', password: 'p' })).toBe('basic');
    expect(await schemeOf({ token: 't' }, { scheme: 'raw' })).toBe('raw');
    expect(credentialsIn({ value: 'ann:secret' })).toMatchObject({ kind: 'password', username: 'ann' });
    expect(credentialsIn({ token: 't' })).toMatchObject({ kind: 'token' });
  });

  test('what a caller says of redirects stands, and with a header of its own they are his to follow', async () => {
    const world = await worldOf({ token: 'key' });
    const redirects: string[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      redirects.push(new Request(input, init).redirect);
      return new Response('');
    };
    const keyed = authenticatedFetch(auths(world, { headerName: 'X-Key' }), { fetch });
    await world.ended(keyed(URL_OF_API));
    await world.ended(keyed(new Request(URL_OF_API)));
    await world.ended(keyed(URL_OF_API, { redirect: 'follow' }));
    await world.ended(keyed(URL_OF_API, { redirect: 'error' }));
    await world.ended(keyed(new Request(URL_OF_API, { redirect: 'error' })));
    await world.ended(authenticatedFetch(auths(world), { fetch })(URL_OF_API));
    expect(redirects).toEqual(['manual', 'manual', 'follow', 'error', 'error', 'follow']);
  });

  test('a host that is not allowed is sent its request as it is, by what renews, too', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream('Bearer old');
    const fetch = refreshOnAuthFailure(server.fetch, auths(world, { allowedHosts: ['api.example.com'] }));
    expect((await world.ended(fetch('https://elsewhere.test/'))).status).toBe(401);
    expect(server.sent.map(({ header }) => header)).toEqual([null]);
  });

  test('a body of buffers is sent again, one of an iterable is not', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream('Bearer new');
    const fetch = refreshOnAuthFailure(server.fetch, auths(world));
    await world.ended(world.vault.get(PATH));
    world.server.setSecret(PATH, { token: 'new' });
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('streamed');
    };
    const streamed = { method: 'POST', body: chunks(), duplex: 'half' } as unknown as RequestInit;
    expect((await world.ended(fetch(URL_OF_API, streamed))).status).toBe(401);
    world.server.setSecret(PATH, { token: 'newest' });
    server.accepts = 'Bearer newest';
    const whole = { method: 'POST', body: new Blob(['whole']) };
    expect((await world.ended(fetch(URL_OF_API, whole))).status).toBe(200);
    expect(server.sent.map(({ body }) => body)).toEqual(['streamed', 'whole', 'whole']);
  });

  test('without refresh a refusal is the answer, and the secret stays', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream('Bearer new');
    const fetch = authenticatedFetch(auths(world), server);
    expect((await world.ended(fetch(URL_OF_API))).status).toBe(401);
    expect([server.sent.length, world.vault.stats.size]).toEqual([1, 1]);
  });

  test.each([401, 403])(
    'M9, G44: after a %i the secret is read anew and the request sent once more',
    async (status) => {
      const world = await worldOf({ token: 'old' });
      const server = upstream('Bearer old');
      server.status = status;
      const fetch = refreshOnAuthFailure(server.fetch, auths(world));
      expect((await world.ended(fetch(URL_OF_API))).status).toBe(200);
      server.accepts = 'Bearer new';
      world.server.setSecret(PATH, { token: 'new' });
      expect((await world.ended(fetch(URL_OF_API, { method: 'POST', body: 'text' }))).status).toBe(200);
      expect(server.sent.slice(1)).toEqual([
        { header: 'Bearer old', retried: false, body: 'text' },
        { header: 'Bearer new', retried: true, body: 'text' },
      ]);
      expect(world.events.last('cache.invalidated')).toMatchObject({ reason: 'auth-failure', status, entries: 1 });
    },
  );

  test('a revoked secret is sent at most once more by each request under way, and by no later one', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream('Bearer new');
    const fetch = refreshOnAuthFailure(server.fetch, auths(world));
    world.server.setSecret(PATH, { token: 'old' });
    await world.ended(world.vault.get(PATH));
    world.server.setSecret(PATH, { token: 'new' });
    await world.ended(fetch(URL_OF_API));
    for (let n = 0; n < 5; n += 1) await world.ended(fetch(URL_OF_API));
    expect(server.sent.filter(({ header }) => header === 'Bearer old')).toHaveLength(1);
  });

  test('MX11: a thousand requests that were refused read the new secret once, and all succeed', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream('Bearer old');
    const fetch = refreshOnAuthFailure(server.fetch, auths(world));
    await world.ended(fetch(URL_OF_API));
    server.accepts = 'Bearer new';
    world.server.setSecret(PATH, { token: 'new' });
    const answers = await world.ended(Promise.all(Array.from({ length: 1_000 }, () => fetch(URL_OF_API))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(world.server.count('read')).toBe(2);
  });

  test('of those who were refused one is told that the secret was forgotten now; what came from no secret forgets none', async () => {
    const world = await worldOf({ token: 'old' });
    const auth = auths(world);
    const given = await world.ended(auth.authFor(URL_OF_API));
    if (given === null) throw new Error('the host is allowed');
    expect(await auth.refused({ ...given }, 401)).toBe(false);
    expect(world.vault.stats.size).toBe(1);
    expect(await Promise.all([auth.refused(given, 401), auth.refused(given, 401)])).toEqual([true, false]);
    expect(await auth.refused(given, 401)).toBe(false);
    expect(world.vault.stats.size).toBe(0);
  });

  test('the same secret is the same authentication, until it is read anew', async () => {
    const world = await worldOf({ token: 'old' });
    const auth = auths(world);
    const first = await world.ended(auth.authFor(URL_OF_API));
    expect(await world.ended(auth.authFor(URL_OF_API))).toBe(first);
    await world.ended(world.vault.get(PATH, { bypassCache: true }));
    expect(await world.ended(auth.authFor(URL_OF_API))).not.toBe(first);
  });

  test('where the secret is the same the refusal is the answer, sent once', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream(undefined);
    const fetch = refreshOnAuthFailure(server.fetch, auths(world));
    expect((await world.ended(fetch(URL_OF_API))).status).toBe(401);
    expect(server.sent).toHaveLength(1);
  });

  test('a server that refuses everybody costs at most ten reads of the secret a minute', async () => {
    const world = await worldOf({ token: 'old' });
    const fetch = refreshOnAuthFailure(upstream(undefined).fetch, auths(world));
    for (let n = 0; n < 100; n += 1) await world.ended(fetch(URL_OF_API));
    expect(world.server.count('read')).toBeLessThanOrEqual(12);
    await world.clock.advance(60_000);
    for (let n = 0; n < 100; n += 1) await world.ended(fetch(URL_OF_API));
    expect(world.server.count('read')).toBeLessThanOrEqual(23);
  });

  test('the second try of an outer wrapper is not tried again by an inner one', async () => {
    const world = await worldOf({ token: 'old' });
    world.server.setSecret('secret/other', { token: 'inner' });
    const server = upstream(undefined);
    const keys = auths(world, { headerName: 'X-Key', path: 'secret/other' });
    const outer = refreshOnAuthFailure(refreshOnAuthFailure(server.fetch, keys), auths(world));
    await world.ended(outer(URL_OF_API));
    world.server.setSecret(PATH, { token: 'new' });
    world.server.setSecret('secret/other', { token: 'inner two' });
    await world.ended(outer(URL_OF_API));
    expect(server.sent.slice(1).map(({ retried }) => retried)).toEqual([false, true, true]);
  });

  test('while the secret cannot be read anew, the refusal is the answer', async () => {
    const world = await worldOf({ token: 'old' });
    const fetch = refreshOnAuthFailure(upstream(undefined).fetch, auths(world));
    await world.ended(world.vault.get(PATH));
    world.server.seal();
    expect((await world.ended(fetch(URL_OF_API))).status).toBe(401);
  });

  test('a body that can be read once is not sent again; the next request has the new secret', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream('Bearer new');
    const fetch = refreshOnAuthFailure(server.fetch, auths(world));
    await world.ended(world.vault.get(PATH));
    world.server.setSecret(PATH, { token: 'new' });
    const body = new Blob(['streamed']).stream();
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await world.ended(fetch(URL_OF_API, init))).status).toBe(401);
    expect((await world.ended(fetch(URL_OF_API))).status).toBe(200);
    expect(server.sent.map(({ header }) => header)).toEqual(['Bearer old', 'Bearer new']);
  });

  test('the body of a Request is sent again', async () => {
    const world = await worldOf({ token: 'old' });
    const server = upstream('Bearer new');
    const fetch = refreshOnAuthFailure(server.fetch, auths(world));
    await world.ended(world.vault.get(PATH));
    world.server.setSecret(PATH, { token: 'new' });
    const answer = await world.ended(fetch(new Request(URL_OF_API, { method: 'PUT', body: 'whole' })));
    expect([answer.status, ...server.sent.map(({ body }) => body)]).toEqual([200, 'whole', 'whole']);
  });
});

test('over real HTTP a redirect to another origin never has the secret, under whichever header', async () => {
  const seen: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    seen.push(request.headers.authorization, request.headers['x-key'] as string | undefined);
    response.end('taken');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  const target = `http://localhost:${(elsewhere.address() as AddressInfo).port}/`;
  const server = createServer((_, response) => response.writeHead(307, { location: target }).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    const world = await worldOf({ token: 'canary' });
    await world.ended(world.vault.get(PATH));
    const plain = await authenticatedFetch(auths(world))(from);
    const keyed = await refreshOnAuthFailure(globalThis.fetch, auths(world, { headerName: 'X-Key' }))(from);
    expect([await plain.text(), keyed.status, await keyed.text()]).toEqual(['taken', 307, '']);
    expect(seen).toEqual([undefined, undefined]);
  } finally {
    elsewhere.closeAllConnections();
    server.closeAllConnections();
    await Promise.all([elsewhere, server].map((each) => new Promise((resolve) => each.close(resolve))));
  }
});
