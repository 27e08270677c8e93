import { type HoldfastRuntime, createRuntime } from '@holdfast/core';
import {
  type EventRecorder,
  type FakeVault,
  type FakeVaultOptions,
  type VirtualClock,
  fakeVault,
  recordEvents,
  seededRandom,
  virtualClock,
} from '@holdfast/testing';
import { VaultSecrets, type VaultSecretsOptions, appRoleAuth } from '../../src/index.js';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** A provider and its Vault in virtual time, without a network. */
export interface World {
  readonly clock: VirtualClock;
  readonly server: FakeVault;
  readonly vault: VaultSecrets;
  readonly runtime: HoldfastRuntime;
  readonly events: EventRecorder;
  /** How the call ends, however much virtual time that takes. */
  ended<Value>(call: Promise<Value>): Promise<Value>;
  /** The error that the call ends with. */
  errorOf(call: Promise<unknown>): Promise<unknown>;
}

export const PATH = 'secret/app/db';
export const OLD = { user: 'app', password: 'canary-old-password' };
export const NEW = { user: 'app', password: 'canary-new-password' };

export const appRole = () => appRoleAuth({ roleId: 'role', secretId: 'secret-id' });

export const worldWith = async (
  options: Partial<VaultSecretsOptions> = {},
  serverOptions: FakeVaultOptions = {},
): Promise<World> => {
  const clock = virtualClock();
  const server = await fakeVault({ clock, ...serverOptions });
  const runtime = createRuntime({ clock, random: seededRandom(1), logger: false });
  const events = recordEvents(runtime);
  server.setSecret(PATH, OLD);
  const vault = new VaultSecrets({ address: server.url, auth: appRole(), fetch: server.fetch, runtime, ...options });
  open.push(server, vault);
  const ended = <Value>(call: Promise<Value>): Promise<Value> => clock.until(call);
  const errorOf = (call: Promise<unknown>): Promise<unknown> =>
    ended(
      call.then(
        () => {
          throw new Error('the call was expected to reject');
        },
        (error: unknown) => error,
      ),
    );
  return { clock, server, vault, runtime, events, ended, errorOf };
};
