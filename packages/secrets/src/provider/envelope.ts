import { remember } from '../secrecy/known-secrets.js';

/** What was lent, and for how long. */
export interface SecretLease {
  readonly id: string;
  /** Seconds, when it was given. */
  readonly duration: number;
  readonly renewable: boolean;
}

/** Of a versioned secret, as its keeper tells it: version, times, labels. */
export type SecretMetadata = Readonly<Record<string, unknown>>;

export type SecretData = Readonly<Record<string, unknown>>;

interface Parts<Data> {
  readonly data: Data;
  readonly lease: SecretLease | undefined;
  readonly metadata: SecretMetadata | undefined;
  readonly validFor?: number | undefined;
}

/** A secret with what is known of it. Printing it shows the lease and the metadata, and of the data nothing. */
export class SecretEnvelope<Data extends SecretData = SecretData> {
  /** Undefined for what is not leased. */
  readonly lease: SecretLease | undefined;
  /** Undefined for what has no versions. */
  readonly metadata: SecretMetadata | undefined;
  /** Milliseconds from when it was read to an end of its own, which no ttl passes; undefined for what has none. */
  readonly validFor: number | undefined;
  readonly #data: Data;

  constructor({ data, lease, metadata, validFor }: Parts<Data>) {
    this.#data = frozen(data);
    this.validFor = validFor;
    this.lease = lease;
    this.metadata = frozen(metadata);
    remember(this, this.#data);
  }

  /** Frozen, all the way down: it is shared by all who read the secret. */
  get data(): Data {
    return this.#data;
  }

  toJSON(): unknown {
    return { data: '[secret]', lease: this.lease, metadata: this.metadata };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return this.toJSON();
  }
}

/**
 * All the way down, also below what is frozen already and around in a circle. Bytes cannot be frozen, and what a getter
 * makes is new at each look.
 */
const freezeAll = (value: unknown, seen: Set<object>): void => {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  for (const { value: inner } of Object.values(Object.getOwnPropertyDescriptors(value))) freezeAll(inner, seen);
  Object.freeze(value);
};

const frozen = <Value>(value: Value): Value => {
  freezeAll(value, new Set());
  return value;
};
