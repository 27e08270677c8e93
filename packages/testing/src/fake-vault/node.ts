import { DENIED, type VaultAnswer, type VaultCall, failure, noRoute } from './answer.js';
import { Identifiers } from '../fake-server/identifiers.js';
import { Leases } from './leases.js';
import { Mounts } from './mounts.js';
import type { FakeVaultOptions, VaultClock } from './options.js';
import { TokenStore } from './tokens.js';
import type { SeededRandom } from '../seeded-random.js';

/** `'standby'` health is 429, `'dr-secondary'` 472, `'performance-standby'` 473. */
export type VaultRole = 'active' | 'standby' | 'dr-secondary' | 'performance-standby';

const HEALTH: Readonly<Record<VaultRole, number>> = {
  active: 200,
  standby: 429,
  'dr-secondary': 472,
  'performance-standby': 473,
};

const isBelow = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

/** A server of Vault without its network: state, and answers to calls. */
export class VaultNode {
  isSealed = false;
  role: VaultRole = 'active';
  readonly tokens: TokenStore;
  readonly leases: Leases;
  readonly #namespaces: ReadonlyMap<string, Mounts>;
  readonly #clock: VaultClock;
  readonly #tellsInvalidToken: boolean;
  readonly #denied = new Set<string>();

  constructor(options: FakeVaultOptions, clock: VaultClock, random: SeededRandom) {
    const ids = new Identifiers(random);
    this.#clock = clock;
    this.#tellsInvalidToken = options.tellsInvalidToken ?? false;
    this.tokens = new TokenStore(options, ids, clock);
    this.leases = new Leases(ids, clock, (token) => this.tokens.isLive(token));
    const parts = { ids, clock, leases: this.leases };
    const names = ['', ...(options.namespaces ?? [])].map((name) => name.replaceAll(/^\/+|\/+$/g, ''));
    this.#namespaces = new Map(names.map((name) => [name, new Mounts(options, parts)]));
  }

  /** @throws TypeError for a namespace that the options do not name. */
  mountsOf(namespace: string): Mounts {
    const mounts = this.#namespaces.get(namespace);
    if (mounts === undefined) throw new TypeError(`fakeVault: there is no namespace '${namespace}'; see namespaces`);
    return mounts;
  }

  knows(namespace: string): boolean {
    return this.#namespaces.has(namespace);
  }

  /** No policy grants the path, or what is below it. */
  deny(path: string): void {
    this.#denied.add(path);
  }

  allow(path: string): void {
    this.#denied.delete(path);
  }

  answer(call: VaultCall): VaultAnswer {
    if (call.path === 'sys/health') return this.#health();
    if (call.path === 'sys/seal-status') return { status: 200, body: this.#sealStatus() };
    return this.refusal() ?? this.#route(call);
  }

  /** What a server answers that cannot serve anybody. */
  refusal(): VaultAnswer | undefined {
    if (this.isSealed) return failure(503, 'Vault is sealed');
    return this.role === 'active' || this.role === 'performance-standby'
      ? undefined
      : failure(500, 'local node not active but active cluster node not found');
  }

  #route(call: VaultCall): VaultAnswer {
    const mounts = this.#namespaces.get(call.namespace);
    if (mounts === undefined) return noRoute(call.path);
    if (call.path === 'auth/approle/login') return this.tokens.logIn(call);
    if (!this.tokens.isValid(call)) return this.#refuseToken();
    const own = this.#answerOwn(call, mounts);
    if (own !== undefined) return own;
    if (this.#isDenied(call.path)) return failure(403, DENIED);
    return mounts.answer(call);
  }

  #answerOwn(call: VaultCall, mounts: Mounts): VaultAnswer | undefined {
    const { path } = call;
    if (path.startsWith('auth/token/')) return this.tokens.manage(path.slice('auth/token/'.length), call);
    const [, asked] = /^sys\/internal\/ui\/mounts\/(.+)$/s.exec(path) ?? [];
    if (asked !== undefined) return this.#isDenied(path) ? failure(403, DENIED) : mounts.describe(asked);
    const [, operation, id = ''] = /^sys\/leases\/(renew|revoke)(?:\/(.+))?$/s.exec(path) ?? [];
    if (operation === undefined) return undefined;
    return operation === 'renew' ? this.leases.renew(call, id) : this.leases.revoke(call, id);
  }

  #isDenied(path: string): boolean {
    return [...this.#denied].some((prefix) => isBelow(path, prefix));
  }

  #refuseToken(): VaultAnswer {
    return this.#tellsInvalidToken
      ? failure(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n')
      : failure(403, 'permission denied');
  }

  #health(): VaultAnswer {
    const body = {
      initialized: true,
      sealed: this.isSealed,
      standby: this.role !== 'active',
      performance_standby: this.role === 'performance-standby',
      replication_performance_mode: 'disabled',
      replication_dr_mode: this.role === 'dr-secondary' ? 'secondary' : 'disabled',
      server_time_utc: Math.floor(this.#clock.wall() / 1000),
      version: '1.15.0',
      cluster_name: 'vault-cluster-fake',
      cluster_id: '00000000-0000-0000-0000-000000000000',
    };
    return { status: this.isSealed ? 503 : HEALTH[this.role], body };
  }

  #sealStatus(): unknown {
    return {
      type: 'shamir',
      initialized: true,
      sealed: this.isSealed,
      t: 3,
      n: 5,
      progress: 0,
      nonce: '',
      version: '1.15.0',
      migration: false,
      recovery_seal: false,
      storage_type: 'inmem',
    };
  }
}
