import { FakeServer, type Handling } from '../fake-server/fake-server.js';
import { FaultQueue } from '../fake-server/faults.js';
import { draw } from '../fake-server/options.js';
import type { Arrived } from '../fake-server/wire.js';
import { seededRandom } from '../seeded-random.js';
import { NOT_FOUND, type VaultAnswer, type VaultCall, failure } from './answer.js';
import type { VaultFault } from './faults.js';
import { callFrom, encoded } from './http-door.js';
import { VaultNode, type VaultRole } from './node.js';
import { latencyOf, operationOf, type VaultOperation } from './operations.js';
import { TYPICAL, type FakeVaultOptions, type VaultLatency } from './options.js';

interface InNamespace {
  /** Default: the root. */
  readonly namespace?: string;
}

/**
 * A server of HashiCorp Vault's HTTP interface on a free port of 127.0.0.1, with the switches of a bad day. Statuses,
 * bodies and headers are those of Vault: tokens, AppRole, key-value secrets of both versions, dynamic credentials with
 * leases, namespaces, seal and standby. Made by `fakeVault`. Its log never has a token or a secret in it.
 */
export class FakeVault extends FakeServer<VaultOperation> {
  readonly #node: VaultNode;
  readonly #faults = new FaultQueue<string, VaultAnswer>('fakeVault');
  readonly #latency: VaultLatency;

  constructor(options: FakeVaultOptions = {}) {
    super('fakeVault', ['x-vault-token'], options);
    const { latency = {} } = options;
    this.#latency = latency === 'typical' ? TYPICAL : latency;
    this.#node = new VaultNode(options, this.clock, seededRandom(this.random.seed + 1));
  }

  get isSealed(): boolean {
    return this.#node.isSealed;
  }

  /** A key-value secret; one that exists gets a new version. @throws TypeError where no such engine is mounted. */
  setSecret(path: string, data: Readonly<Record<string, unknown>>, { namespace = '' }: InNamespace = {}): void {
    this.#node.mountsOf(namespace).set(path, data);
  }

  /** Of version 2, the latest version is deleted and its metadata stays: 404 with a body. */
  deleteSecret(path: string, { namespace = '' }: InNamespace = {}): void {
    this.#node.mountsOf(namespace).delete(path);
  }

  /** No policy grants the path or what is below it any more: 403 for tokens that are as good as ever. */
  deny(path: string): void {
    this.#node.deny(path);
  }

  allow(path: string): void {
    this.#node.allow(path);
  }

  /** 503 `Vault is sealed` for everything but the health. */
  seal(): void {
    this.#node.isSealed = true;
    this.weather = 'sealed';
  }

  unseal(): void {
    this.#node.isSealed = false;
    this.weather = 'healthy';
  }

  /** Which part the server has in its cluster. A standby without a leader answers 500 to all but the health. */
  become(role: VaultRole): void {
    this.#node.role = role;
  }

  /** Ends one token, or all of them: 403 `permission denied` from then on. */
  expireToken(token?: string): void {
    if (token === undefined) this.#node.tokens.revokeAll();
    else this.#node.tokens.revoke(token);
  }

  /** Ends every lease. */
  revokeLeases(): void {
    this.#node.leases.revokeAll();
  }

  /** Whether dynamic credentials still open what they were made for. */
  isLeased(username: string): boolean {
    return this.#node.leases.isLive(username);
  }

  /** The next requests are answered with 429 and `Retry-After` in seconds. Default: one request, 1 second. */
  throttle({ times = 1, retryAfter = 1 }: { readonly times?: number; readonly retryAfter?: number } = {}): void {
    const headers = { 'retry-after': String(retryAfter) };
    this.#faults.add({ status: 429, times }, (path) => ({
      ...failure(429, `request path "${path}": rate limit quota exceeded`),
      headers,
    }));
  }

  /** The next requests but those for the health get this answer: 412, 472, 473, 502 … */
  failNext(fault: VaultFault): void {
    const { status, errors = [], headers = {} } = fault;
    this.#faults.add(fault, () => ({ ...failure(status, ...errors), headers }));
  }

  /** Reachable, active, unsealed, fast: all switches but tokens, leases and policies are as at first. */
  override heal(): Promise<void> {
    this.unseal();
    this.#node.role = 'active';
    return super.heal();
  }

  protected override clearFaults(): void {
    this.#faults.clear();
  }

  protected override handle(arrived: Arrived): Handling {
    const call = callFrom(arrived);
    if (call === undefined) return { latency: 0, answer: () => encoded(NOT_FOUND) };
    const kind = this.#node.knows(call.namespace) ? this.#node.mountsOf(call.namespace).kindOf(call.path) : undefined;
    const operation = operationOf(call, kind);
    this.tally(operation);
    const name = latencyOf(operation);
    const latency = name === undefined ? 0 : draw(this.#latency[name] ?? 0, this.random);
    return { latency, answer: () => encoded(this.#answer(call)) };
  }

  #answer(call: VaultCall): VaultAnswer {
    const isHealth = call.path === 'sys/health' || call.path === 'sys/seal-status';
    return (isHealth ? undefined : this.#faults.take(call.path)) ?? this.#node.answer(call);
  }
}

/**
 * Starts a server of Vault on a free loopback port. Close it, or declare it with `await using`.
 *
 * @example
 * await using vault = await fakeVault({ token: 'root' });
 * vault.setSecret('secret/app/config', { db_host: 'postgres' });
 * vault.seal();
 */
export async function fakeVault(options?: FakeVaultOptions): Promise<FakeVault> {
  const vault = new FakeVault(options);
  await vault.open();
  return vault;
}
