import { createRuntime } from '@holdfast/core';
import { seededRandom, virtualClock } from '@holdfast/testing';
import {
  CachedSecrets,
  type CachedSecretsParts,
  SecretEnvelope,
  SecretFormatError,
  type VaultError,
  VaultSecrets,
  tokenAuth,
} from '../src/index.js';
import { PATH } from './vault/world.js';

const clock = virtualClock();
const runtime = () => createRuntime({ clock, random: seededRandom(1), logger: false });

const sourceWith = (source: Record<string, unknown>): CachedSecretsParts['source'] => ({
  checkedPath: (path: string) => path,
  read: async () => envelopeOf({ value: 'canary' }),
  renew: async () => undefined,
  check: async () => undefined,
  close: async () => undefined,
  ...source,
});

const providerOf = (source: Record<string, unknown>): CachedSecrets =>
  new CachedSecrets({
    kind: 'bad',
    name: 'bad',
    title: 'Bad',
    source: sourceWith(source),
    policies: { runtime: runtime() },
  });

const envelopeOf = (data: Record<string, unknown>): SecretEnvelope =>
  new SecretEnvelope({ data, lease: undefined, metadata: undefined });

test.each<[string, Record<string, unknown>, string]>([
  ['no kind', { kind: undefined }, 'kind must be a non-empty string'],
  ['an empty title', { title: '' }, 'title must be a non-empty string'],
  ['no source', { source: undefined }, 'source must have a method checkedPath'],
  [
    'a source that lacks something',
    { source: { checkedPath: String, read: String } },
    'source must have a method renew',
  ],
  ['policies that are none', { policies: '5m' }, 'policies must be an object'],
  [
    'a policy that nobody knows',
    { policies: { tll: '5m' } },
    'policies.tll is no option; known options: cache, circuit',
  ],
  ['a part that nobody knows', { policy: {} }, 'policy is no option; known options: kind, leases, name'],
])('a provider with %s is refused: the error says what there should be', (_, wrong, message) => {
  const parts = {
    kind: 'own',
    name: 'own:here',
    title: 'Own',
    source: sourceWith({}),
    ...wrong,
  } as unknown as CachedSecretsParts;
  expect(() => new CachedSecrets(parts)).toThrow(`CachedSecrets: ${message}`);
  expect(() => new CachedSecrets('own' as unknown as CachedSecretsParts)).toThrow('parts must be an object');
});

test('a provider may leave all policies as they are', () => {
  const { settings } = new CachedSecrets({ kind: 'own', name: 'own', title: 'Own', source: sourceWith({}) });
  expect(settings).toEqual({ ttl: 300_000, staleIfError: 3_600_000, maxSize: 256 });
});

test.each([undefined, null, 'canary', {}, { data: 'canary' }])(
  'a source that answers %j is told so',
  async (answer) => {
    const provider = providerOf({ read: async () => answer });
    const error = await clock.until(provider.read('canary-path').catch((thrown: unknown) => thrown));
    expect(error).toBeInstanceOf(SecretFormatError);
    expect(String(error)).not.toContain('canary');
  },
);

test.each([undefined, 7, {}])('a path that becomes %j is none', async (path) => {
  const provider = providerOf({ checkedPath: () => path });
  await expect(provider.get('canary-path')).rejects.toMatchObject({ code: 'SECRETS_PATH' });
});

test('data are frozen below what is frozen, around a circle, and beside bytes', () => {
  const circle: Record<string, unknown> = { bytes: Buffer.from('canary'), inner: Object.freeze({ deep: { n: 1 } }) };
  circle['me'] = circle;
  const { data } = envelopeOf(circle);
  const { deep } = data['inner'] as { deep: object };
  expect([Object.isFrozen(data), Object.isFrozen(deep), String(data['bytes'])]).toEqual([true, true, 'canary']);
});

const vaultThat = (answer: () => Response): VaultSecrets => {
  const fetch: typeof globalThis.fetch = async (input) => {
    // As the real one, which quotes the URL.
    void new Request(input);
    return answer();
  };
  const retry = { maxAttempts: 1 };
  return new VaultSecrets({ address: 'http://vault', auth: tokenAuth('root'), fetch, retry, runtime: runtime() });
};

test('words in the place of Retry-After are not kept', async () => {
  await using vault = vaultThat(() => new Response('{}', { status: 429, headers: { 'retry-after': 'canary=words!' } }));
  const error = await clock.until(vault.get(PATH).catch((thrown: unknown) => thrown));
  expect((error as VaultError).headers).toEqual({});
});

test('a redirect with a password in it is not followed, and not quoted', async () => {
  const headers = { location: 'http://ann:canary@vault/v1/other' };
  await using vault = vaultThat(() => new Response(null, { status: 307, headers }));
  const error = await clock.until(vault.get(PATH).catch((thrown: unknown) => thrown));
  expect(error).toMatchObject({ name: 'VaultError', reason: 'redirected' });
});
