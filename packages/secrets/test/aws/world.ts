import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type HoldfastRuntime, createRuntime } from '@holdfast/core';
import {
  type EventRecorder,
  type FakeSecretsManager,
  type FakeSecretsManagerOptions,
  type VirtualClock,
  fakeSecretsManager,
  recordEvents,
  seededRandom,
  virtualClock,
} from '@holdfast/testing';
import { AwsSecrets, type AwsSecretsOptions } from '../../src/index.js';

const open: { close(): Promise<void> }[] = [];

/** The SDK reads the shared files once for the process; virtual time does not wait for disks. */
beforeAll(async () => {
  await using server = await fakeSecretsManager();
  server.setSecret(PATH, OLD);
  const { requestHandler, region } = server;
  const client = new SecretsManagerClient({ region, requestHandler, credentials: server.credentialProvider() });
  await client.send(new GetSecretValueCommand({ SecretId: PATH }));
  client.destroy();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** A provider and its server in virtual time, without a network. */
export interface World {
  readonly clock: VirtualClock;
  readonly server: FakeSecretsManager;
  readonly aws: AwsSecrets;
  readonly runtime: HoldfastRuntime;
  readonly events: EventRecorder;
  /** Requests for secrets so far. */
  reads(): number;
  /** How the call ends, however much virtual time that takes. */
  ended<Value>(call: Promise<Value>): Promise<Value>;
  /** The error that the call ends with. */
  errorOf(call: Promise<unknown>): Promise<unknown>;
}

export const PATH = 'app/db';
export const OLD = { user: 'app', password: 'canary-old-password' };
export const NEW = { user: 'app', password: 'canary-new-password' };

export const worldWith = async (
  options: AwsSecretsOptions = {},
  serverOptions: FakeSecretsManagerOptions = {},
): Promise<World> => {
  const clock = virtualClock();
  const server = await fakeSecretsManager({ clock, ...serverOptions });
  const runtime = createRuntime({ clock, random: seededRandom(1), logger: false });
  const events = recordEvents(runtime);
  server.setSecret(PATH, OLD);
  const { region, requestHandler } = server;
  const own = { region, requestHandler, credentials: server.credentialProvider() };
  const aws = new AwsSecrets({ ...(options.client === undefined ? own : {}), runtime, ...options });
  open.push(server, aws);
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
  return { clock, server, aws, runtime, events, reads: () => server.count('GetSecretValue'), ended, errorOf };
};
