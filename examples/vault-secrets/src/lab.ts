import { type HoldfastRuntime, createRuntime } from '@holdfast/core';
import { type VaultAuth, appRoleAuth, tokenAuth } from '@holdfast/secrets';
import { type FakeVault, type FakeVaultOptions, fakeVault, seededRandom, virtualClock } from '@holdfast/testing';

export const PATH = 'secret/myapp/config';
export const SECRET = { db_host: 'postgres', db_pass: 'not-to-be-printed' };

export type Print = (line: string) => void;

/** Where an exercise runs: time, Vault, and what the decorators go by. */
export interface Lab {
  readonly runtime: HoldfastRuntime;
  /** Undefined with a Vault of yours. */
  readonly fake: FakeVault | undefined;
  readonly address: string;
  readonly auth: VaultAuth;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds. */
  now(): number;
  pass(ms: number): Promise<void>;
  /** How the call ends, whatever time that takes. */
  ended<Value>(call: Promise<Value>): Promise<Value>;
}

/** A fake Vault in virtual time: half an hour of waiting takes a moment. */
export const fakeLab = async (options: FakeVaultOptions = {}): Promise<Lab & { readonly fake: FakeVault }> => {
  const clock = virtualClock();
  const fake = await fakeVault({ clock, unref: true, ...options });
  fake.setSecret(PATH, SECRET);
  return {
    runtime: createRuntime({ clock, random: seededRandom(7), logger: false }),
    fake,
    address: fake.url,
    auth: appRoleAuth({ roleId: 'role', secretId: 'secret-id' }),
    fetch: fake.fetch,
    now: () => clock.now(),
    pass: (ms) => clock.advance(ms),
    ended: (call) => clock.until(call),
  };
};

/** A Vault of yours, in real time: `VAULT_ADDR` and `VAULT_TOKEN`, with a secret at `secret/myapp/config`. */
const realLab = (address: string, token: string): Lab => ({
  runtime: createRuntime({ logger: false }),
  fake: undefined,
  address,
  auth: tokenAuth(token),
  fetch: globalThis.fetch,
  now: () => performance.now(),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  ended: (call) => call,
});

export const labFromEnv = async (options?: FakeVaultOptions): Promise<Lab> => {
  const { VAULT_ADDR: address, VAULT_TOKEN: token } = process.env;
  return address === undefined || token === undefined ? fakeLab(options) : realLab(address, token);
};
