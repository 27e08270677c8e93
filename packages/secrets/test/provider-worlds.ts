import type { HoldfastRuntime } from '@holdfast/core';
import type { EventRecorder, VirtualClock } from '@holdfast/testing';
import type { SecretProvider, SecretsPolicies } from '../src/index.js';
import { worldWith as awsWorld } from './aws/world.js';
import { azureWorld } from './azure/world.js';
import { worldWith as vaultWorld } from './vault/world.js';

/** One provider and its server in virtual time, with what every server has, whoever makes it. */
export interface ProviderWorld {
  readonly provider: SecretProvider;
  readonly clock: VirtualClock;
  readonly runtime: HoldfastRuntime;
  readonly events: EventRecorder;
  readonly server: {
    hang(): void;
    partition(): Promise<void>;
    heal(): Promise<void>;
    restart(options: { downFor: number }): Promise<void>;
    slow(ms: number): void;
    readonly requests: { readonly count: number };
  };
  /** A secret under a name; returns its path. */
  put(name: string, data: Readonly<Record<string, unknown>>): string;
  remove(name: string): void;
  /** Every request is refused, by a right that is not there. */
  deny(): void;
  /** Who asks is known no longer, and can prove anew who he is. */
  expireCredentials(): void;
  /** Requests that are answered with 'not now'. */
  throttle(times: number): void;
  /** Every request fails with the server's own fault, until `heal`. */
  breakDown(): void;
  /** Requests for secrets. */
  reads(): number;
  /** How often credentials were asked for. */
  logins(): number;
  ended<Value>(call: Promise<Value>): Promise<Value>;
  errorOf(call: Promise<unknown>): Promise<unknown>;
}

type Make = (policies?: SecretsPolicies) => Promise<ProviderWorld>;

const vault: Make = async (policies) => {
  const world = await vaultWorld(policies);
  const { server } = world;
  const pathOf = (name: string): string => `secret/app/${name}`;
  return {
    ...world,
    provider: world.vault,
    put: (name, data) => {
      server.setSecret(pathOf(name), data);
      return pathOf(name);
    },
    remove: (name) => server.deleteSecret(pathOf(name)),
    deny: () => server.deny('secret/data/app'),
    expireCredentials: () => server.expireToken(),
    throttle: (times) => server.throttle({ times }),
    breakDown: () => server.seal(),
    reads: () => server.count('read'),
    logins: () => server.count('login'),
  };
};

const aws: Make = async (policies) => {
  const world = await awsWorld(policies);
  const { server } = world;
  return {
    ...world,
    provider: world.aws,
    put: (name, data) => {
      server.setSecret(`app/${name}`, JSON.stringify(data));
      return `app/${name}`;
    },
    remove: (name) => server.deleteSecret(`app/${name}`),
    deny: () => server.deny(),
    expireCredentials: () => server.expireCredentials(),
    throttle: (times) => server.throttle({ times }),
    breakDown: () => server.failNext({ type: 'InternalServiceError', times: Infinity }),
    logins: () => server.issued,
  };
};

const azure: Make = async (policies) => {
  const world = await azureWorld(policies);
  const { server, credential } = world;
  return {
    ...world,
    provider: world.azure,
    put: (name, data) => {
      server.setSecret(name, JSON.stringify(data));
      return name;
    },
    remove: (name) => server.deleteSecret(name),
    deny: () => server.deny(),
    expireCredentials: () => credential.expireToken(),
    throttle: (times) => server.throttle({ times }),
    breakDown: () => server.failNext({ status: 503, times: Infinity }),
    reads: () => server.count('get'),
    logins: () => credential.logins,
  };
};

export const WORLDS: readonly (readonly [string, Make])[] = [
  ['Vault', vault],
  ['AWS Secrets Manager', aws],
  ['Azure Key Vault', azure],
];
