/**
 * Tools for tests of resilient code: time that moves when told, chance that repeats, a record of what happened, and
 * sources that fail on cue, in the process or over HTTP.
 */

export { VirtualClock, virtualClock, type RunOptions, type VirtualClockOptions } from './virtual-clock.js';
export { seededRandom, type SeededRandom } from './seeded-random.js';
export { sequenceRandom } from './sequence-random.js';
export {
  EventRecorder,
  recordEvents,
  type EventFilter,
  type EventOfType,
  type EventSource,
  type RecordableBus,
  type RecordedType,
  type WaitOptions,
} from './event-recorder.js';
export { formatTimeline } from './event-timeline.js';
export { deferred, type Deferred } from './deferred.js';
export {
  after,
  fail,
  hang,
  ok,
  scripted,
  type Outcome,
  type ScriptedOptions,
  type ScriptedSource,
} from './failing-source.js';
export { cacheStoreContract, type CacheStoreContract, type ContractRunner } from './cache-store-contract.js';
export {
  failingStore,
  hangingStore,
  type DisturbedStore,
  type DisturbedStoreOptions,
  type FailingStoreOptions,
  type HangingStoreOptions,
  type StoreOperation,
} from './failing-store.js';
export { FaultyUpstream, faultyUpstream, type FaultyUpstreamOptions } from './faulty-upstream/faulty-upstream.js';
export type { Phase, RetryAfter } from './faulty-upstream/phase.js';
export type { ScriptWindow } from './faulty-upstream/script.js';
export type { RequestLog, RequestOutcome, RequestRecord } from './faulty-upstream/request-log.js';
export { Reply, reply, type ReplyOptions } from './faulty-upstream/reply.js';
export type { Responder, Routes, UpstreamRequest } from './faulty-upstream/responder.js';
export type { FakeServer, Handling } from './fake-server/fake-server.js';
export type { FakeServerOptions, Latency, ServerClock } from './fake-server/options.js';
export { FakeVault, fakeVault } from './fake-vault/fake-vault.js';
export type { VaultFault } from './fake-vault/faults.js';
export type { VaultRole } from './fake-vault/node.js';
export type { VaultOperation } from './fake-vault/operations.js';
export type { DynamicRole, FakeVaultOptions, VaultClock, VaultEngine, VaultLatency } from './fake-vault/options.js';
export {
  FakeSecretsManager,
  fakeSecretsManager,
  type AwsSecretValue,
} from './fake-secrets-manager/fake-secrets-manager.js';
export type { AwsOperation } from './fake-secrets-manager/operations.js';
export type { AwsFault, AwsKeys, FakeSecretsManagerOptions, IssueOptions } from './fake-secrets-manager/options.js';
export type { SdkRequestHandler } from './fake-secrets-manager/request-handler.js';
export { FakeKeyVault, fakeKeyVault, type KeyVaultOperation } from './fake-key-vault/fake-key-vault.js';
export type { FakeCredential, LoginOptions, LoginTrouble } from './fake-key-vault/credential.js';
export type { FakeKeyVaultOptions, ForbiddenKind, KeyVaultFault, SecretProperties } from './fake-key-vault/options.js';
export type { SdkHttpClient, SdkLoopbackPolicy } from './fake-key-vault/sdk-doors.js';
