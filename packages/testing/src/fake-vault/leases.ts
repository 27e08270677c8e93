import { NO_CONTENT, UNSUPPORTED, type VaultAnswer, type VaultCall, envelope, failure } from './answer.js';
import type { Identifiers } from '../fake-server/identifiers.js';
import type { Engine } from './key-values.js';
import type { DynamicRole, VaultClock } from './options.js';

interface Lease {
  readonly role: Required<DynamicRole>;
  readonly firstAt: number;
  readonly username: string;
  /** The token that had it made: it ends with that. */
  readonly token: string;
  endsAt: number;
}

const SECOND = 1000;
const DEFAULTS: Required<DynamicRole> = { leaseDuration: 3600, renewable: true, maxDuration: 86_400 };

/** Everything leased, and how long. */
export class Leases {
  readonly #leases = new Map<string, Lease>();
  readonly #clock: VaultClock;
  readonly #ids: Identifiers;
  readonly #isTokenLive: (token: string) => boolean;

  constructor(ids: Identifiers, clock: VaultClock, isTokenLive: (token: string) => boolean) {
    this.#ids = ids;
    this.#clock = clock;
    this.#isTokenLive = isTokenLive;
  }

  /** Whether the credentials still open the door they were made for. */
  isLive(username: string): boolean {
    return [...this.#leases.values()].some((lease) => lease.username === username && this.#isLive(lease));
  }

  begin(path: string, role: Required<DynamicRole>, token: string): VaultAnswer {
    const id = `${path}/${this.#ids.letters(24)}`;
    const now = this.#clock.now();
    const username = `v-root-${path.split('/').at(-1)}-${this.#ids.letters(20)}`;
    this.#leases.set(id, { role, firstAt: now, username, token, endsAt: now + role.leaseDuration * SECOND });
    return envelope(this.#ids, {
      lease_id: id,
      lease_duration: role.leaseDuration,
      renewable: role.renewable,
      data: { username, password: this.#ids.letters(20) },
    });
  }

  /** `sys/leases/renew`, the id in the body or in the path. */
  renew({ method, body }: VaultCall, idInPath: string): VaultAnswer {
    if (method !== 'POST' && method !== 'PUT') return UNSUPPORTED;
    const id = this.#idOf(body, idInPath);
    if (id === '') return failure(400, 'missing lease_id');
    const lease = this.#leases.get(id);
    if (lease === undefined || !this.#isLive(lease)) return failure(400, 'lease not found');
    if (!lease.role.renewable) return failure(400, 'lease is not renewable');
    const now = this.#clock.now();
    const increment = Number(body['increment'] ?? 0) || lease.role.leaseDuration;
    const end = lease.firstAt + lease.role.maxDuration * SECOND;
    lease.endsAt = Math.min(now + increment * SECOND, end);
    const duration = Math.floor((lease.endsAt - now) / SECOND);
    return envelope(this.#ids, { lease_id: id, lease_duration: duration, renewable: true });
  }

  revoke({ body }: VaultCall, idInPath: string): VaultAnswer {
    this.#leases.delete(this.#idOf(body, idInPath));
    return NO_CONTENT;
  }

  revokeAll(): void {
    this.#leases.clear();
  }

  #idOf(body: VaultCall['body'], idInPath: string): string {
    const { lease_id: id } = body;
    return idInPath !== '' ? idInPath : typeof id === 'string' ? id : '';
  }

  #isLive({ endsAt, token }: Lease): boolean {
    return this.#clock.now() < endsAt && this.#isTokenLive(token);
  }
}

/** Makes credentials for the roles of one mount. */
export class DynamicCredentials implements Engine {
  readonly #mount: string;
  readonly #roles: ReadonlyMap<string, Required<DynamicRole>>;
  readonly #leases: Leases;

  constructor(mount: string, roles: Readonly<Record<string, DynamicRole>>, leases: Leases) {
    this.#mount = mount;
    this.#roles = new Map(Object.entries(roles).map(([path, role]) => [path, { ...DEFAULTS, ...role }]));
    this.#leases = leases;
  }

  answer({ method, token = '' }: VaultCall, path: string): VaultAnswer {
    if (method !== 'GET') return UNSUPPORTED;
    const role = this.#roles.get(this.#mount + path);
    if (role === undefined) return failure(400, `unknown role: ${path.split('/').at(-1)}`);
    return this.#leases.begin(this.#mount + path, role, token);
  }
}
