import { classifyError } from '@holdfast/core';
import { type FakeVault, fakeVault } from '@holdfast/testing';
import { type VaultError, VaultSecrets, tokenAuth } from '../../src/index.js';

/**
 * What the provider expects of any Vault: run against the fake, and with `VAULT_ADDR` and `VAULT_TOKEN` against a server
 * of yours (`vault server -dev`), whose engine at `secret/` has versions. Everything written goes away again.
 */
const { VAULT_ADDR, VAULT_TOKEN } = process.env;
const isReal = VAULT_ADDR !== undefined && VAULT_TOKEN !== undefined;
const folder = `secret/holdfast-contract-${process.pid}`;

let fake: FakeVault | undefined;
let address: string;
let token: string;

beforeAll(async () => {
  fake = isReal ? undefined : await fakeVault({ token: 'root' });
  address = fake?.url ?? (VAULT_ADDR as string).replace(/\/+$/, '');
  token = isReal ? VAULT_TOKEN : 'root';
});

const PATHS = ['app', 'rotated', 'deleted'];
const inside = (name: string): string => `${folder}/${name}`;

const administer = async (method: string, path: string, body?: unknown): Promise<number> => {
  const response = await fetch(`${address}/v1/${path}`, {
    method,
    headers: { 'X-Vault-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.text();
  return response.status;
};

/** The path of the interface: what the provider has to find out by itself. */
const apiPath = (kind: string, name: string): string => inside(name).replace('secret/', `secret/${kind}/`);
const write = (name: string, data: unknown): Promise<number> => administer('POST', apiPath('data', name), { data });

afterAll(async () => {
  for (const name of PATHS) await administer('DELETE', apiPath('metadata', name));
  await fake?.close();
});

const providers: VaultSecrets[] = [];

afterEach(async () => {
  await Promise.all(providers.splice(0).map((each) => each.close()));
});

const provider = (ofToken = token): VaultSecrets => {
  const vault = new VaultSecrets({ address, auth: tokenAuth(ofToken), retry: { maxAttempts: 2, delay: '10ms' } });
  providers.push(vault);
  return vault;
};

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a secret is read with its version', async () => {
  expect(await write('app', { user: 'app' })).toBe(200);
  const { data, metadata, lease } = await provider().read(inside('app'));
  expect([data, metadata?.['version'], lease]).toEqual([{ user: 'app' }, 1, undefined]);
});

test('a rotated secret is seen by who passes the cache by, and then by all', async () => {
  const vault = provider();
  await write('rotated', { n: 1 });
  expect(await vault.get(inside('rotated'))).toEqual({ n: 1 });
  await write('rotated', { n: 2 });
  expect(await vault.get(inside('rotated'))).toEqual({ n: 1 });
  expect(await vault.get(inside('rotated'), { bypassCache: true })).toEqual({ n: 2 });
  expect(await vault.get(inside('rotated'))).toEqual({ n: 2 });
});

test('what was deleted and what never was are told apart, and neither is retried', async () => {
  await write('deleted', { n: 1 });
  await administer('DELETE', apiPath('data', 'deleted'));
  const vault = provider();
  const [deleted, missing] = [await errorOf(vault.get(inside('deleted'))), await errorOf(vault.get(inside('none')))];
  expect([deleted, missing].map((error) => [(error as VaultError).reason, classifyError(error)])).toEqual([
    ['deleted', 'notFound'],
    ['not found', 'notFound'],
  ]);
});

test('a token that nobody knows is found out, and named as the cause', async () => {
  const error = (await errorOf(provider('hvs.unknown').get(inside('app')))) as VaultError;
  expect([error.status, (error.cause as Error).name]).toEqual([403, 'VaultAuthenticationError']);
});

test('a mount that is nowhere is no reason to log in again', async () => {
  const error = (await errorOf(provider().get('nowhere/at/all'))) as VaultError;
  expect([error.name, classifyError(error)]).toEqual(['VaultError', 'notFound']);
});
