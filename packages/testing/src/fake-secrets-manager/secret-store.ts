import type { Identifiers } from '../fake-server/identifiers.js';
import type { ServerClock } from '../fake-server/options.js';
import { Refused, failure, invalidRequest, notFound } from './answer.js';
import { CURRENT, StoredSecret, type WireValue } from './stored-secret.js';

const MARKED = "You can't perform this operation on the secret because it was marked for deletion.";
const DAY = 24 * 60 * 60_000;

interface Place {
  readonly region: string;
  readonly accountId: string;
}

/** Secrets by name and ARN. */
export class SecretStore {
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #ids: Identifiers;
  readonly #clock: ServerClock;
  readonly #prefix: string;

  constructor(ids: Identifiers, clock: ServerClock, { region, accountId }: Place) {
    this.#ids = ids;
    this.#clock = clock;
    this.#prefix = `arn:aws:secretsmanager:${region}:${accountId}:secret:`;
  }

  /** Seconds since the epoch. */
  get now(): number {
    return this.#clock.wall() / 1_000;
  }

  create(name: string, value: WireValue | undefined, id = this.newId()): StoredSecret {
    const old = this.lookUp(name);
    if (old?.deletedAt !== undefined)
      throw invalidRequest(
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
      );
    if (old !== undefined)
      throw new Refused(
        failure('ResourceExistsException', `The operation failed because the secret ${name} already exists.`),
      );
    const secret = new StoredSecret(`${this.#prefix}${name}-${this.#ids.letters(6)}`, name, this.now);
    if (value !== undefined) secret.put(id, value, this.now, [CURRENT]);
    this.#secrets.set(name, secret);
    return secret;
  }

  newId(): string {
    return this.#ids.uuid();
  }

  /** By name, by ARN, and by ARN without the six letters at its end. */
  lookUp(id: string): StoredSecret | undefined {
    const name = id.startsWith(this.#prefix) ? id.slice(this.#prefix.length) : id;
    const secret = this.#secrets.get(name) ?? [...this.#secrets.values()].find(({ arn }) => arn === id);
    if (secret?.goneAt !== undefined && this.#clock.now() >= secret.goneAt) {
      this.#secrets.delete(secret.name);
      return undefined;
    }
    return secret;
  }

  /** One that may be marked for deletion. */
  find(id: string): StoredSecret {
    const secret = this.lookUp(id);
    if (secret === undefined) throw notFound();
    return secret;
  }

  findLive(id: string): StoredSecret {
    const secret = this.find(id);
    if (secret.deletedAt !== undefined) throw invalidRequest(MARKED);
    return secret;
  }

  /** @param days until it is gone for good; 0: at once. */
  delete(id: string, days: number): StoredSecret {
    const secret = this.findLive(id);
    secret.goneAt = this.#clock.now() + days * DAY;
    secret.deletedAt = this.now + (days * DAY) / 1_000;
    if (days === 0) this.#secrets.delete(secret.name);
    return secret;
  }

  restore(id: string): StoredSecret {
    const secret = this.find(id);
    secret.goneAt = undefined;
    secret.deletedAt = undefined;
    return secret;
  }
}
