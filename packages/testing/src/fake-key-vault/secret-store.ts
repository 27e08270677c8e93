import type { Identifiers } from '../fake-server/identifiers.js';
import type { SecretProperties } from './options.js';

const SECOND = 1000;
const DAY = 86_400;
const RETENTION = 90;
const HEX = /[^0-9a-f]/g;

export interface SecretVersion {
  readonly id: string;
  readonly version: string;
  readonly value: string;
  readonly created: number;
  updated: number;
  properties: SecretProperties;
}

interface Deletion {
  readonly versions: readonly SecretVersion[];
  /** Seconds since the epoch. */
  readonly at: number;
}

/** Secrets with their versions, and those that were deleted and can come back. Names know no case, as in Key Vault. */
export class SecretStore {
  readonly #live = new Map<string, SecretVersion[]>();
  readonly #deleted = new Map<string, Deletion>();
  readonly #vaultUrl: string;
  readonly #ids: Identifiers;
  readonly #wall: () => number;

  constructor(vaultUrl: string, ids: Identifiers, wall: () => number) {
    this.#vaultUrl = vaultUrl;
    this.#ids = ids;
    this.#wall = wall;
  }

  isDeleted(name: string): boolean {
    return this.#deleted.has(name.toLowerCase());
  }

  /** A new version, which is the latest from now on. */
  set(name: string, value: string, properties: SecretProperties): SecretVersion {
    const version = this.#ids.uuid().replaceAll(HEX, '');
    const id = `${this.#vaultUrl}/secrets/${name}/${version}`;
    const now = this.#now();
    const added = { id, version, value, created: now, updated: now, properties };
    this.#live.set(name.toLowerCase(), [...(this.#live.get(name.toLowerCase()) ?? []), added]);
    return added;
  }

  /** The latest version, or the one that is named. */
  find(name: string, version?: string): SecretVersion | undefined {
    const versions = this.versions(name);
    return version === undefined ? versions.at(-1) : versions.find((each) => each.version === version);
  }

  versions(name: string): readonly SecretVersion[] {
    return this.#live.get(name.toLowerCase()) ?? [];
  }

  /** The latest version of each. */
  all(): readonly SecretVersion[] {
    return [...this.#live.values()].map((versions) => versions.at(-1) as SecretVersion);
  }

  update(secret: SecretVersion, properties: SecretProperties): void {
    secret.properties = { ...secret.properties, ...properties };
    secret.updated = this.#now();
  }

  delete(name: string): boolean {
    const versions = this.versions(name);
    if (versions.length === 0) return false;
    this.#live.delete(name.toLowerCase());
    this.#deleted.set(name.toLowerCase(), { versions, at: this.#now() });
    return true;
  }

  recover(name: string): boolean {
    const deletion = this.#deleted.get(name.toLowerCase());
    if (deletion === undefined) return false;
    this.#deleted.delete(name.toLowerCase());
    this.#live.set(name.toLowerCase(), [...deletion.versions]);
    return true;
  }

  purge(name: string): boolean {
    return this.#deleted.delete(name.toLowerCase());
  }

  /** As the interface tells of what was deleted; undefined for what was not. */
  deletedBundle(name: string): Readonly<Record<string, unknown>> | undefined {
    const deletion = this.#deleted.get(name.toLowerCase());
    const latest = deletion?.versions.at(-1);
    if (deletion === undefined || latest === undefined) return undefined;
    return {
      ...propertiesBundle(latest),
      recoveryId: `${this.#vaultUrl}/deletedsecrets/${name}`,
      deletedDate: deletion.at,
      scheduledPurgeDate: deletion.at + RETENTION * DAY,
    };
  }

  #now(): number {
    return Math.floor(this.#wall() / SECOND);
  }
}

const inSeconds = (date: Date | undefined): number | undefined => date && Math.floor(date.getTime() / SECOND);

/** All but the value, as lists have it. */
export const propertiesBundle = ({ id, created, updated, properties }: SecretVersion): Record<string, unknown> => {
  const { contentType, tags, enabled = true, notBefore, expiresOn } = properties;
  const [nbf, exp] = [inSeconds(notBefore), inSeconds(expiresOn)];
  const dates = { ...(nbf === undefined ? {} : { nbf }), ...(exp === undefined ? {} : { exp }) };
  return {
    id,
    attributes: {
      enabled,
      ...dates,
      created,
      updated,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: RETENTION,
    },
    ...(contentType === undefined ? {} : { contentType }),
    tags: tags ?? {},
  };
};

export const bundle = (secret: SecretVersion): Record<string, unknown> => ({
  value: secret.value,
  ...propertiesBundle(secret),
});
