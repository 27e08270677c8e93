import { VaultSecrets } from '@holdfast/secrets';
import type { FakeVault } from '@holdfast/testing';
import { type Lab, PATH, SECRET, fakeLab } from './lab.js';
import { plainClient } from './plain-client.js';

type FakeLab = Lab & { readonly fake: FakeVault };

/** What a caller sees, in words, and how long that took him in milliseconds. */
export interface Seen {
  readonly what: string;
  readonly took: number;
}

export interface Scenario {
  readonly name: string;
  readonly plain: Seen;
  readonly holdfast: Seen;
}

const TROUBLES: Readonly<Record<string, (lab: FakeLab) => unknown>> = {
  'Network timeout': ({ fake, runtime }) => {
    fake.hang();
    runtime.clock.setTimer(() => void fake.heal(), 5_100);
  },
  'Vault restart': ({ fake, runtime }) => {
    runtime.clock.setTimer(() => void fake.heal(), 600);
    return fake.partition();
  },
  'Vault sealed': ({ fake }) => fake.seal(),
  'Rate limiting': ({ fake }) => fake.throttle({ times: 1, retryAfter: 2 }),
  'Token expired': ({ fake }) => fake.expireToken(),
  'Network partition': ({ fake }) => fake.partition(),
};

const PATIENCE = 60_000;
const STEP = 50;

const wordsOf = (value: unknown): string =>
  (value as { version?: number }).version === 2 ? 'the present secret' : 'the secret of before';

const see = async (lab: Lab, call: Promise<unknown>): Promise<Seen> => {
  const began = lab.now();
  let what: string | undefined;
  void call.then(
    (value) => (what = wordsOf(value)),
    (error: unknown) => (what = String(error)),
  );
  await lab.pass(0);
  while (what === undefined && lab.now() - began < PATIENCE) await lab.pass(STEP);
  return { what: what ?? 'nothing: it still waits', took: lab.now() - began };
};

type Client = (lab: FakeLab) => { get(path: string): Promise<unknown> };

const withPlain: Client = ({ address, fetch }) => plainClient(address, fetch);
/** Equal jitter never retries at once, so that three attempts outlast a short restart for certain. */
const withHoldfast: Client = ({ address, auth, fetch, runtime }) =>
  new VaultSecrets({ address, auth, fetch, runtime, retry: { jitter: 'equal' } });

/** The secret was read, its ttl is over, it has been rotated, and then comes the trouble. */
const play = async (trouble: (lab: FakeLab) => unknown, client: Client): Promise<Seen> => {
  const lab = await fakeLab({ appRole: { roleId: 'role', secretId: 'secret-id', tokenTtl: 86_400 } });
  const { fake } = lab;
  const { get } = bound(client(lab));
  await lab.ended(get(PATH));
  fake.setSecret(PATH, { ...SECRET, version: 2 });
  await lab.pass(300_000);
  await trouble(lab);
  const seen = await see(lab, get(PATH));
  await fake.close();
  return seen;
};

const bound = (client: { get(path: string): Promise<unknown> }) => ({ get: (path: string) => client.get(path) });

/** The six failures of the lesson, each on a Vault of its own. */
export const playFailures = async (): Promise<Scenario[]> => {
  const scenarios: Scenario[] = [];
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    scenarios.push({ name, plain: await play(trouble, withPlain), holdfast: await play(trouble, withHoldfast) });
  }
  return scenarios;
};

const timed = ({ what, took }: Seen): string => (took < STEP ? what : `${what} after ${(took / 1_000).toFixed(1)} s`);

export const tableOf = (scenarios: readonly Scenario[]): string[] => [
  `${''.padEnd(19)}${'plain client'.padEnd(40)}VaultSecrets`,
  ...scenarios.map(({ name, plain, holdfast }) => name.padEnd(19) + timed(plain).padEnd(40) + timed(holdfast)),
];
