import { ConfigurationError } from '@holdfast/core';
import {
  type SecretAuthOptions,
  type SecretProvider,
  SecretAuth,
  SecretEnvelope,
  SecretFormatError,
  refreshOnAuthFailure,
} from '../src/index.js';
import { PATH, worldWith } from './world.js';

const API = 'https://api.example.com/';

/** An upstream that takes one token, or nobody's. */
const upstreamOf =
  (accepted: { token: string | undefined }): typeof fetch =>
  async (_input, init) => {
    const given = new Headers(init?.headers).get('authorization');
    return new Response(null, { status: given === `Bearer ${accepted.token}` ? 200 : 401 });
  };

const envelopeOf = (token: string): SecretEnvelope =>
  new SecretEnvelope({ data: { token }, lease: undefined, metadata: undefined });

test('after a storm of refusals that were about something else, a rotation is still seen', async () => {
  const { vault, server, runtime, clock, ended } = await worldWith();
  server.setSecret(PATH, { token: 'first' });
  const accepted: { token: string | undefined } = { token: undefined };
  const request = refreshOnAuthFailure(upstreamOf(accepted), new SecretAuth({ provider: vault, path: PATH, runtime }));
  for (let i = 0; i < 15; i += 1) await ended(request(API));
  accepted.token = 'second';
  server.setSecret(PATH, { token: 'second' });
  await clock.advance(60_000);
  expect((await ended(request(API))).status).toBe(200);
});

test('two are refused, and the keeper takes its time to forget: both get the new secret', async () => {
  let kept = envelopeOf('first');
  let forget = (): void => undefined;
  const gate = new Promise<void>((resolve) => (forget = resolve));
  const provider = {
    read: async () => kept,
    invalidate: async () => {
      await gate;
      kept = envelopeOf('second');
      return true;
    },
  } as unknown as SecretProvider;
  const request = refreshOnAuthFailure(upstreamOf({ token: 'second' }), new SecretAuth({ provider, path: PATH }));
  const both = Promise.all([request(API), request(API)]);
  setImmediate(forget);
  expect((await both).map(({ status }) => status)).toEqual([200, 200]);
});

test.each(['bearer', 'raw'] as const)('a password is not sent where the scheme is %s', async (scheme) => {
  const { vault, server, runtime, ended } = await worldWith();
  server.setSecret(PATH, { username: 'ann', password: 'canary' });
  const auth = new SecretAuth({ provider: vault, path: PATH, runtime, scheme });
  await expect(ended(auth.authFor(API))).rejects.toBeInstanceOf(SecretFormatError);
});

test.each([
  [{ allowedHosts: null }],
  [{ allowedHosts: 'api.example.com' }],
  [{ allowedHosts: [7] }],
  [{ enabled: 'false' }],
  [{ headerName: 7 }],
])('%j is refused, and not understood as everybody', async (options) => {
  const { vault } = await worldWith();
  const all = { provider: vault, path: PATH, ...options } as unknown as SecretAuthOptions;
  expect(() => new SecretAuth(all)).toThrow(ConfigurationError);
});
