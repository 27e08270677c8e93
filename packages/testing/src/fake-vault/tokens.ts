import { type VaultAnswer, type VaultCall, envelope, failure } from './answer.js';
import type { Identifiers } from '../fake-server/identifiers.js';
import type { FakeVaultOptions, VaultClock } from './options.js';

interface Token {
  readonly id: string;
  readonly accessor: string;
  readonly policy: string;
  readonly path: string;
  readonly namespace: string;
  readonly createdAt: number;
  /** Seconds; 0 for ever. */
  readonly ttl: number;
  expiresAt: number;
  /** Renewals cannot pass it. */
  readonly lastEnd: number;
}

const SECOND = 1000;
const DEFAULT_TTL = 3600;

/** Tokens: who has one, how long it lasts, and how AppRole gives a new one. */
export class TokenStore {
  readonly #tokens = new Map<string, Token>();
  readonly #ids: Identifiers;
  readonly #clock: VaultClock;
  readonly #appRole: NonNullable<FakeVaultOptions['appRole']>;

  constructor(options: FakeVaultOptions, ids: Identifiers, clock: VaultClock) {
    this.#ids = ids;
    this.#clock = clock;
    this.#appRole = options.appRole ?? { roleId: 'role', secretId: 'secret-id' };
    this.#add({ id: options.token ?? 'root', policy: 'root', path: 'auth/token/root', namespace: '', ttl: 0 });
  }

  /** A token is good in its namespace and in those below it. */
  isValid(call: VaultCall): boolean {
    const token = this.#of(call);
    if (token === undefined) return false;
    return token.namespace === '' || `${call.namespace}/`.startsWith(`${token.namespace}/`);
  }

  isLive(id: string): boolean {
    return this.#live(id) !== undefined;
  }

  revoke(id: string): void {
    this.#tokens.delete(id);
  }

  revokeAll(): void {
    this.#tokens.clear();
  }

  logIn(call: VaultCall): VaultAnswer {
    const { role_id: roleId, secret_id: secretId } = call.body;
    if (roleId === undefined || roleId === '') return failure(400, 'missing role_id');
    if (roleId !== this.#appRole.roleId || secretId !== this.#appRole.secretId)
      return failure(400, 'invalid role or secret ID');
    const token = this.#add({
      id: `hvs.${this.#ids.letters(24)}`,
      policy: 'default',
      path: 'auth/approle/login',
      namespace: call.namespace,
      ttl: this.#appRole.tokenTtl ?? DEFAULT_TTL,
    });
    return envelope(this.#ids, { data: null, auth: this.#authOf(token) });
  }

  /** `auth/token/<operation>` for the caller's own token, which was found valid. */
  manage(operation: string, call: VaultCall): VaultAnswer | undefined {
    const token = this.#of(call) as Token;
    switch (operation) {
      case 'lookup-self':
        return envelope(this.#ids, { data: this.#describe(token) });
      case 'renew-self':
        if (token.ttl > 0) token.expiresAt = Math.min(this.#clock.now() + token.ttl * SECOND, token.lastEnd);
        return envelope(this.#ids, { auth: this.#authOf(token) });
      case 'revoke-self':
        this.revoke(token.id);
        return { status: 204 };
      default:
        return undefined;
    }
  }

  #of({ token: id }: VaultCall): Token | undefined {
    return id === undefined ? undefined : this.#live(id);
  }

  #live(id: string): Token | undefined {
    const token = this.#tokens.get(id);
    return token !== undefined && this.#clock.now() < token.expiresAt ? token : undefined;
  }

  #add(parts: Pick<Token, 'id' | 'policy' | 'path' | 'namespace' | 'ttl'>): Token {
    const createdAt = this.#clock.now();
    const expiresAt = parts.ttl === 0 ? Infinity : createdAt + parts.ttl * SECOND;
    const lastEnd = createdAt + (this.#appRole.tokenMaxTtl ?? Infinity) * SECOND;
    const token = { ...parts, accessor: this.#ids.letters(24), createdAt, expiresAt, lastEnd };
    this.#tokens.set(token.id, token);
    return token;
  }

  #remaining(token: Token): number {
    return token.expiresAt === Infinity ? 0 : Math.ceil((token.expiresAt - this.#clock.now()) / SECOND);
  }

  #authOf(token: Token): unknown {
    return {
      client_token: token.id,
      accessor: token.accessor,
      policies: [token.policy],
      token_policies: [token.policy],
      metadata: null,
      lease_duration: this.#remaining(token),
      renewable: token.ttl > 0,
      entity_id: '',
      token_type: 'service',
      orphan: true,
      mfa_requirement: null,
      num_uses: 0,
    };
  }

  #describe(token: Token): unknown {
    const wall = this.#clock.wall() - this.#clock.now();
    const timeOf = (at: number): string => new Date(wall + at).toISOString();
    return {
      accessor: token.accessor,
      creation_time: Math.floor((wall + token.createdAt) / SECOND),
      creation_ttl: token.ttl,
      display_name: token.policy,
      entity_id: '',
      expire_time: token.expiresAt === Infinity ? null : timeOf(token.expiresAt),
      explicit_max_ttl: 0,
      id: token.id,
      issue_time: timeOf(token.createdAt),
      meta: null,
      num_uses: 0,
      orphan: true,
      path: token.path,
      policies: [token.policy],
      renewable: token.ttl > 0,
      ttl: this.#remaining(token),
      type: 'service',
    };
  }
}
