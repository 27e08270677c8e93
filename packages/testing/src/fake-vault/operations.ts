import type { VaultCall } from './answer.js';
import type { VaultEngine, VaultLatency } from './options.js';

/** What requests are counted as. */
export type VaultOperation =
  | 'read'
  | 'write'
  | 'dynamic'
  | 'login'
  | 'lookup'
  | 'renewToken'
  | 'revoke'
  | 'mounts'
  | 'renewLease'
  | 'health'
  | 'other';

const BY_PATH: readonly (readonly [RegExp, VaultOperation])[] = [
  [/^sys\/(?:health|seal-status)$/, 'health'],
  [/^sys\/internal\/ui\/mounts\//, 'mounts'],
  [/^sys\/leases\/renew/, 'renewLease'],
  [/^auth\/token\/lookup-self$/, 'lookup'],
  [/^auth\/token\/renew-self$/, 'renewToken'],
  [/^auth\/token\/revoke-self$/, 'revoke'],
  [/^auth\/[^/]+\/login/, 'login'],
  [/^(?:sys|auth)\//, 'other'],
];

export const operationOf = ({ method, path }: VaultCall, kind: VaultEngine | undefined): VaultOperation => {
  const known = BY_PATH.find(([pattern]) => pattern.test(path))?.[1];
  if (known !== undefined) return known;
  if (kind === 'database') return 'dynamic';
  return method === 'GET' || method === 'LIST' ? 'read' : 'write';
};

const LATENCIES: Readonly<Partial<Record<VaultOperation, keyof VaultLatency>>> = {
  read: 'read',
  write: 'read',
  dynamic: 'dynamic',
  login: 'token',
  lookup: 'token',
  renewToken: 'token',
};

/** Which of the latencies an operation has; none for what is cheap. */
export const latencyOf = (operation: VaultOperation): keyof VaultLatency | undefined => LATENCIES[operation];
