import { FakeServer, type Handling } from '../fake-server/fake-server.js';
import { FaultQueue } from '../fake-server/faults.js';
import { Identifiers } from '../fake-server/identifiers.js';
import { type Latency, draw } from '../fake-server/options.js';
import type { Arrived } from '../fake-server/wire.js';
import { seededRandom } from '../seeded-random.js';
import { type KeyVaultAnswer, type KeyVaultCall, callFrom, encoded, failure } from './answer.js';
import { FakeCredential } from './credential.js';
import type { FakeKeyVaultOptions, ForbiddenKind, KeyVaultFault, SecretProperties } from './options.js';
import { type SdkHttpClient, type SdkLoopbackPolicy, httpClientOf, loopbackPolicyOf } from './sdk-doors.js';
import { KeyVaultNode } from './vault-node.js';

/** What requests are counted as; `'challenge'` is one without a token. */
export type KeyVaultOperation = 'challenge' | 'get' | 'set' | 'update' | 'delete' | 'list' | 'recover' | 'other';

const BY_METHOD: Readonly<Record<string, KeyVaultOperation>> = {
  GET: 'get',
  PUT: 'set',
  PATCH: 'update',
  DELETE: 'delete',
};

const operationOf = ({ method, path: [collection, name, rest], token }: KeyVaultCall): KeyVaultOperation => {
  if (token === undefined) return 'challenge';
  if (collection === 'deletedsecrets') return rest === 'recover' ? 'recover' : 'other';
  if (collection !== 'secrets') return 'other';
  if (name === undefined || rest === 'versions') return 'list';
  return BY_METHOD[method] ?? 'other';
};

/**
 * A server of Azure Key Vault's secrets on a free port of 127.0.0.1, with the switches of a bad day. Statuses, bodies,
 * headers and challenges are those of Key Vault, as `@azure/keyvault-secrets` speaks with it: versions, soft deletion,
 * attributes, 401, the kinds of 403, throttling. Made by `fakeKeyVault`. Its log never has a token or a secret in it.
 *
 * The SDK sends tokens to `https:` addresses alone. Two doors let it in: `httpClient`, without a network and for virtual
 * time, and `loopback`, over a connection. With either the vault's address is `vaultUrl`.
 */
export class FakeKeyVault extends FakeServer<KeyVaultOperation> {
  /** For the SDK's option `httpClient`. */
  readonly httpClient: SdkHttpClient;
  /** For the SDK's option `additionalPolicies`. */
  readonly loopback: SdkLoopbackPolicy;
  readonly #node: KeyVaultNode;
  readonly #ids: Identifiers;
  readonly #faults = new FaultQueue<KeyVaultCall, KeyVaultAnswer>('fakeKeyVault');
  readonly #latency: Latency;
  readonly #tokenLatency: Latency;
  #clockError = 0;

  constructor(options: FakeKeyVaultOptions = {}) {
    super('fakeKeyVault', [], options);
    this.#ids = new Identifiers(seededRandom(this.random.seed + 1));
    this.#latency = options.latency ?? 0;
    this.#tokenLatency = options.tokenLatency ?? 0;
    this.#node = new KeyVaultNode(options, this.clock, this.#ids);
    this.httpClient = httpClientOf(this.inside);
    this.loopback = loopbackPolicyOf(() => this.url);
  }

  /** `https://fake.vault.azure.net`: what the SDK is told, whichever door it takes. */
  get vaultUrl(): string {
    return this.#node.url;
  }

  /** A credential whose tokens this vault knows. Each counts its own log-ins. */
  credential(): FakeCredential {
    return new FakeCredential({
      issue: (scope, tenantId = this.#node.tenantId, claims) => this.#node.tokens.issue(scope, tenantId, claims),
      revoke: (token) => this.#node.tokens.revoke(token),
      latency: () => {
        const latency = draw(this.#tokenLatency, this.random);
        return latency > 0 ? this.clock.sleep(latency) : undefined;
      },
    });
  }

  /** A new version of a secret, which is the latest from now on; returns its version. */
  setSecret(name: string, value: string, properties: SecretProperties = {}): string {
    return this.#node.secrets.set(name, value, properties).version;
  }

  /** Changes the properties of the latest version: `{ enabled: false }`. @throws TypeError where there is none. */
  updateSecret(name: string, properties: SecretProperties): void {
    const secret = this.#node.secrets.find(name);
    if (secret === undefined) throw new TypeError('fakeKeyVault: there is no secret of this name');
    this.#node.secrets.update(secret, properties);
  }

  /** Soft deletion: 404, until it is recovered. */
  deleteSecret(name: string): void {
    this.#node.secrets.delete(name);
  }

  recoverSecret(name: string): void {
    this.#node.secrets.recover(name);
  }

  /** 403 for one secret, or for all, with tokens that are as good as ever. Default kind: ForbiddenByRbac. */
  deny(name?: string, kind: ForbiddenKind = 'ForbiddenByRbac'): void {
    this.#node.forbid(kind, name);
  }

  allow(name?: string): void {
    this.#node.allow(name);
  }

  /** Ends all tokens: 401 from then on. */
  expireTokens(): void {
    this.#node.tokens.revokeAll();
  }

  /** What challenges name as the resource, as somebody would who is not the vault. Default: `https://vault.azure.net`. */
  challengeWith(resource: string): void {
    this.#node.challengeResource = resource;
  }

  /** Tokens that were issued without these claims are refused with 401, as after an event that the directory noticed. */
  demandClaims(claims: string | undefined): void {
    this.#node.claims = claims;
  }

  /** The vault's own clock tells a time that is wrong by so many milliseconds, in its header `date`. */
  skewClock(ms: number): void {
    this.#clockError = ms;
  }

  /** The next requests are answered with 429 and `Retry-After` in seconds. Default: one request, 1 second. */
  throttle({ times = 1, retryAfter = 1 }: { readonly times?: number; readonly retryAfter?: number } = {}): void {
    this.#faults.add({ status: 429, times }, () => ({
      ...failure(429, 'Throttled', 'Request was not processed because too many requests were received.'),
      headers: { 'retry-after': String(retryAfter) },
    }));
  }

  /** The next requests get this answer: 503, 502 without a body … */
  failNext(fault: KeyVaultFault): void {
    const { status, code, message = '', innerCode, headers = {} } = fault;
    const answer = code === undefined ? { status } : failure(status, code, message, innerCode);
    this.#faults.add(fault, () => ({ ...answer, headers }));
  }

  protected override clearFaults(): void {
    this.#faults.clear();
  }

  protected override handle(arrived: Arrived): Handling {
    const call = callFrom(arrived);
    this.tally(operationOf(call));
    return {
      latency: draw(this.#latency, this.random),
      answer: () => {
        const answer = this.#faults.take(call) ?? this.#node.answer(call);
        return encoded(answer, this.#ids.uuid(), this.clock.wall() + this.#clockError);
      },
    };
  }
}

/**
 * Starts a server of Azure Key Vault on a free loopback port. Close it, or declare it with `await using`.
 *
 * @example
 * await using vault = await fakeKeyVault();
 * vault.setSecret('db', JSON.stringify({ user: 'app', password: 'of the day' }));
 * new SecretClient(vault.vaultUrl, vault.credential(), { httpClient: vault.httpClient });
 */
export async function fakeKeyVault(options?: FakeKeyVaultOptions): Promise<FakeKeyVault> {
  const vault = new FakeKeyVault(options);
  await vault.open();
  return vault;
}
