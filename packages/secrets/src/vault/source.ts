import { SecretEnvelope, type SecretLease } from '../provider/envelope.js';
import { SecretFormatError, SecretsError } from '../errors.js';
import type { Secret } from '../secrecy/secret.js';
import type { Reading, SecretSource } from '../provider/source.js';
import { type VaultClient, type VaultReply, type VaultRequest, errorFrom, isRecord, secondsIn } from './client.js';
import { VaultError } from './error.js';
import type { VaultSecretsOptions } from './options.js';
import { type Mount, Mounts } from './mounts.js';
import type { Session } from './session.js';

const leaseFrom = (body: VaultReply['body']): SecretLease | undefined => {
  const { lease_id: id, lease_duration: duration, renewable } = body;
  if (typeof id !== 'string' || id === '') return undefined;
  // A lease that does not say how long it lasts has Vault's default.
  return { id, duration: secondsIn(duration ?? 3600), renewable: renewable === true };
};

const envelopeOf = (body: VaultReply['body'], isVersioned: boolean): SecretEnvelope => {
  const outer = body['data'];
  const data = isVersioned && isRecord(outer) ? outer['data'] : outer;
  if (!isRecord(data)) throw new SecretFormatError('the answer has no data');
  const metadata = isVersioned && isRecord(outer) && isRecord(outer['metadata']) ? outer['metadata'] : undefined;
  return new SecretEnvelope({ data, lease: leaseFrom(body), metadata });
};

/** `secret/app` as the interface has it, `secret/data/app`; a path that is so already stays. */
const versionedPath = (path: string, mount: string): string =>
  path.startsWith(`${mount}data/`) ? path : `${mount}data/${path.slice(mount.length)}`;

const hasMetadata = ({ body }: VaultReply): boolean => isRecord(body['data']) && isRecord(body['data']['metadata']);

const SECOND = 1_000;

/** The lease is not to be had again, or not by this token. */
const isFinal = ({ status }: VaultReply): boolean => status >= 400 && status <= 405;

type Manner = Pick<VaultSecretsOptions, 'kvVersion' | 'revokeOnClose'>;

interface Request {
  readonly token: Secret;
  readonly signal: AbortSignal | undefined;
}

/** Reads secrets as Vault keeps them. */
export class VaultSource implements SecretSource {
  readonly parts: readonly object[];
  readonly #client: VaultClient;
  readonly #session: Session;
  readonly #mounts: Mounts;
  readonly #configured: 1 | 2 | undefined;
  readonly #revokesToken: boolean;
  /** Which token has leased what. */
  readonly #owners = new WeakMap<SecretEnvelope, Secret>();
  /** Which token an error is about: another one may have taken its place by the time that somebody asks. */
  readonly #refused = new WeakMap<VaultError, Secret>();
  readonly #tags = new WeakMap<Secret, string>();
  #tokens = 0;

  constructor(client: VaultClient, session: Session, { kvVersion, revokeOnClose = false }: Manner) {
    this.#client = client;
    this.#session = session;
    this.#mounts = new Mounts(client);
    this.#configured = kvVersion;
    this.#revokesToken = revokeOnClose;
    this.parts = session.parts;
  }

  /** Without slashes at its ends. Dots would climb out of the path, to where no secrets are. */
  checkedPath(path: string): string {
    const text: unknown = path;
    const segments = typeof text === 'string' ? text.replaceAll(/^\/+|\/+$/g, '').split('/') : [];
    if (segments.length < 2 || segments.some((segment) => ['', '.', '..'].includes(segment)))
      throw new SecretsError("a path must read 'mount/name', without empty segments, '.' and '..'", 'SECRETS_PATH');
    return segments.join('/');
  }

  /** @throws VaultError, SecretFormatError, and what `fetch` throws. */
  async read(path: string, { signal, old, tag }: Reading): Promise<SecretEnvelope> {
    const { token } = await this.#session.token();
    try {
      return await this.#readWith({ token, signal }, path, { old, tag });
    } catch (error) {
      if (error instanceof VaultError) this.#refused.set(error, token);
      throw error;
    }
  }

  async renew(error: unknown): Promise<string> {
    const refused = error instanceof VaultError ? this.#refused.get(error) : undefined;
    return this.#tagOf(await this.#session.renew(error, refused));
  }

  /** Logs in, and asks Vault whether it knows the token. */
  async check(signal: AbortSignal | undefined): Promise<void> {
    const { token } = await this.#session.token();
    const reply = await this.#client.ask('auth/token/lookup-self', { token, signal });
    if (reply.status < 300) return;
    const error = errorFrom(reply);
    this.#refused.set(error, token);
    throw error;
  }

  async close(): Promise<void> {
    this.#mounts.clear();
    await this.#session.close({ revokes: this.#revokesToken });
  }

  async #readWith(request: Request, path: string, { old, tag }: Pick<Reading, 'old' | 'tag'>): Promise<SecretEnvelope> {
    const { token } = request;
    // A lease belongs to the token that had it made: another one's renewals would not save it.
    const renewed = old && this.#owners.get(old) === token ? await this.#renewed(old, request) : undefined;
    const envelope = renewed ?? (await this.#readAnew(path, request));
    return envelope.lease === undefined ? envelope : this.#leased(envelope, token, tag);
  }

  /** Nothing leased outlives the token that it was leased with. */
  async #leased(envelope: SecretEnvelope, token: Secret, tag: Reading['tag']): Promise<SecretEnvelope> {
    const { data, lease, metadata } = envelope;
    const held = await this.#session.token();
    const remaining = held.token === token ? Math.max(0, Math.floor(held.remaining / SECOND)) : 0;
    const duration = Math.min((lease as SecretLease).duration, remaining);
    const bounded = new SecretEnvelope({ data, lease: { ...(lease as SecretLease), duration }, metadata });
    this.#owners.set(bounded, token);
    tag(this.#tagOf(token));
    return bounded;
  }

  #tagOf(token: Secret): string {
    const known = this.#tags.get(token) ?? `token ${(this.#tokens += 1)}`;
    this.#tags.set(token, known);
    return known;
  }

  async #readAnew(path: string, request: Request): Promise<SecretEnvelope> {
    const mount = (await this.#mounts.find(path, request)) ?? this.#configuredMount(path);
    if (mount === undefined) return this.#guess(path, request);
    const isVersioned = mount.kind === 'kv-v2';
    const body = await this.#client.demand(isVersioned ? versionedPath(path, mount.path) : path, request);
    return envelopeOf(body, isVersioned);
  }

  /**
   * The same secret with its lease begun anew; undefined where it has to be read instead: no lease, one that cannot be
   * renewed or has ended, or one so near to its last end that half of its time is not to be had.
   * @throws VaultError when Vault cannot say now, and what `fetch` throws.
   */
  async #renewed({ data, lease, metadata }: SecretEnvelope, request: Request): Promise<SecretEnvelope | undefined> {
    if (lease?.renewable !== true) return undefined;
    const body = { lease_id: lease.id, increment: lease.duration };
    const reply = await this.#client.ask('sys/leases/renew', { ...request, method: 'POST', body });
    if (isFinal(reply)) return undefined;
    if (reply.status >= 300) throw errorFrom(reply);
    const renewed = leaseFrom(reply.body);
    if (renewed === undefined || renewed.duration * 2 < lease.duration) return undefined;
    const duration = Math.min(renewed.duration, lease.duration);
    return new SecretEnvelope({ data, lease: { ...renewed, duration }, metadata });
  }

  #configuredMount(path: string): Mount | undefined {
    if (this.#configured === undefined) return undefined;
    return { path: firstSegment(path), kind: this.#configured === 2 ? 'kv-v2' : 'plain' };
  }

  /** Version 2 first. A 404 with metadata is an answer of version 2; without, the path may be one of version 1. */
  async #guess(path: string, request: VaultRequest): Promise<SecretEnvelope> {
    const versioned = await this.#client.ask(versionedPath(path, firstSegment(path)), request);
    if (versioned.status < 300) return this.#learnt(path, versioned.body);
    if (versioned.status !== 404 || hasMetadata(versioned)) throw errorFrom(versioned);
    const plain = await this.#client.demand(path, request);
    const envelope = envelopeOf(plain, false);
    // What is made on demand has a lease, and says nothing about its neighbours' version.
    if (envelope.lease === undefined) this.#mounts.learn(path, 'plain');
    return envelope;
  }

  #learnt(path: string, body: VaultReply['body']): SecretEnvelope {
    const envelope = envelopeOf(body, true);
    this.#mounts.learn(path, 'kv-v2');
    return envelope;
  }
}

const firstSegment = (path: string): string => path.slice(0, path.indexOf('/') + 1);
