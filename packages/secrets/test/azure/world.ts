import { type HoldfastRuntime, createRuntime } from '@holdfast/core';
import {
  type EventRecorder,
  type FakeCredential,
  type FakeKeyVault,
  type FakeKeyVaultOptions,
  type VirtualClock,
  fakeKeyVault,
  recordEvents,
  seededRandom,
  virtualClock,
} from '@holdfast/testing';
import { AzureSecrets, type AzureSecretsOptions } from '../../src/index.js';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** A provider, the vendor's SDK and its vault in virtual time, without a network. */
export interface AzureWorld {
  readonly clock: VirtualClock;
  readonly server: FakeKeyVault;
  readonly credential: FakeCredential;
  readonly azure: AzureSecrets;
  readonly runtime: HoldfastRuntime;
  readonly events: EventRecorder;
  /** Another provider of the same vault, closed at the end. */
  provider(options?: Partial<AzureSecretsOptions>): AzureSecrets;
  /** How the call ends, however much virtual time that takes. */
  ended<Value>(call: Promise<Value>): Promise<Value>;
  /** The error that the call ends with. */
  errorOf(call: Promise<unknown>): Promise<unknown>;
}

export const OLD = { user: 'app', password: 'canary-old-password' };
export const NEW = { user: 'app', password: 'canary-new-password' };
export const HOUR = 3_600_000;
export const MINUTE = 60_000;

export const azureWorld = async (
  options: Partial<AzureSecretsOptions> = {},
  serverOptions: FakeKeyVaultOptions = {},
): Promise<AzureWorld> => {
  const clock = virtualClock();
  const server = await fakeKeyVault({ clock, ...serverOptions });
  const credential = server.credential();
  const runtime = createRuntime({ clock, random: seededRandom(1), logger: false });
  const events = recordEvents(runtime);
  server.setSecret('db', JSON.stringify(OLD));
  const provider = (more: Partial<AzureSecretsOptions> = {}): AzureSecrets => {
    const { vaultUrl } = server;
    const clientOptions = { httpClient: server.httpClient };
    const given = more.client === undefined ? { vaultUrl, credential, clientOptions } : {};
    const made = new AzureSecrets({ ...given, runtime, ...options, ...more });
    open.push(made);
    return made;
  };
  open.push(server);
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
  return { clock, server, credential, azure: provider(), runtime, events, provider, ended, errorOf };
};
