import { NOT_FOUND, NO_CONTENT, UNSUPPORTED, type VaultAnswer, type VaultCall, envelope, failure } from './answer.js';
import type { Identifiers } from '../fake-server/identifiers.js';
import type { VaultClock } from './options.js';

type Data = Readonly<Record<string, unknown>>;

interface Version {
  readonly data: Data;
  readonly createdAt: string;
  deletedAt: string;
  isDestroyed: boolean;
}

/** What an engine does with a path inside of its mount. */
export interface Engine {
  answer(call: VaultCall, path: string): VaultAnswer;
}

/** 768 hours, which a server tells of every secret of version 1 although nothing is leased. */
const V1_DURATION = 2_764_800;

const isWrite = (method: string): boolean => method === 'POST' || method === 'PUT';

/** The names below a folder, each once, folders with a slash. */
const listed = (keys: Iterable<string>, folder: string): string[] => {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const names = [...keys]
    .filter((key) => key.startsWith(prefix))
    .map((key) => /^[^/]*\/?/.exec(key.slice(prefix.length))?.[0] ?? '');
  return [...new Set(names)].sort();
};

const isList = ({ method, query }: VaultCall): boolean => method === 'LIST' || query.get('list') === 'true';

/** Key-value secrets, version 1: a path and what was written there. */
export class PlainSecrets implements Engine {
  readonly #secrets = new Map<string, Data>();
  readonly #ids: Identifiers;

  constructor(ids: Identifiers) {
    this.#ids = ids;
  }

  set(path: string, data: Data): void {
    this.#secrets.set(path, data);
  }

  delete(path: string): void {
    this.#secrets.delete(path);
  }

  answer(call: VaultCall, path: string): VaultAnswer {
    if (isList(call)) return this.#list(path);
    if (isWrite(call.method)) this.set(path, call.body);
    else if (call.method === 'DELETE') this.delete(path);
    else if (call.method === 'GET') return this.#read(path);
    else return UNSUPPORTED;
    return NO_CONTENT;
  }

  #read(path: string): VaultAnswer {
    const data = this.#secrets.get(path);
    return data === undefined ? NOT_FOUND : envelope(this.#ids, { data, lease_duration: V1_DURATION });
  }

  #list(path: string): VaultAnswer {
    const keys = listed(this.#secrets.keys(), path);
    return keys.length === 0 ? NOT_FOUND : envelope(this.#ids, { data: { keys } });
  }
}

const WRONG_PATH =
  'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. ' +
  "If using the Vault CLI, use 'vault kv get' for this operation.";

/** Key-value secrets, version 2: every write is a version, and a deleted one is still known. */
export class VersionedSecrets implements Engine {
  readonly #secrets = new Map<string, Version[]>();
  readonly #ids: Identifiers;
  readonly #clock: VaultClock;

  constructor(ids: Identifiers, clock: VaultClock) {
    this.#ids = ids;
    this.#clock = clock;
  }

  set(path: string, data: Data): number {
    const versions = this.#secrets.get(path) ?? [];
    versions.push({ data, createdAt: this.#time(), deletedAt: '', isDestroyed: false });
    this.#secrets.set(path, versions);
    return versions.length;
  }

  /** The latest version is deleted; its metadata stays. */
  delete(path: string): void {
    const latest = this.#secrets.get(path)?.at(-1);
    if (latest !== undefined && latest.deletedAt === '') latest.deletedAt = this.#time();
  }

  answer(call: VaultCall, path: string): VaultAnswer {
    const [, kind, rest = ''] = /^(data|metadata|delete|undelete|destroy)(?:\/(.*))?$/s.exec(path) ?? [];
    if (kind === 'data') return this.#answerData(call, rest);
    if (kind === 'metadata') return this.#answerMetadata(call, rest);
    if (kind !== undefined) return this.#change(call, kind, rest);
    return envelope(this.#ids, { warnings: [WRONG_PATH] }, 404);
  }

  #answerData(call: VaultCall, path: string): VaultAnswer {
    if (call.method === 'GET') return this.#read(path, Number(call.query.get('version') ?? 0));
    if (isWrite(call.method)) return this.#write(call, path);
    if (call.method !== 'DELETE') return UNSUPPORTED;
    this.delete(path);
    return NO_CONTENT;
  }

  #read(path: string, wanted: number): VaultAnswer {
    const versions = this.#secrets.get(path);
    const number = wanted === 0 ? (versions?.length ?? 0) : wanted;
    const version = versions?.[number - 1];
    if (version === undefined) return NOT_FOUND;
    const isGone = version.isDestroyed || version.deletedAt !== '';
    const data = { data: isGone ? null : version.data, metadata: metadataOf(version, number) };
    return envelope(this.#ids, { data }, isGone ? 404 : 200);
  }

  #write({ body }: VaultCall, path: string): VaultAnswer {
    const { data, options } = body as { data?: Data; options?: { cas?: number } };
    if (typeof data !== 'object' || data === null) return failure(400, 'no data provided');
    const known = this.#secrets.get(path)?.length ?? 0;
    if (options?.cas !== undefined && options.cas !== known)
      return failure(400, 'check-and-set parameter did not match the current version');
    const number = this.set(path, data);
    return envelope(this.#ids, {
      data: metadataOf((this.#secrets.get(path) as Version[])[number - 1] as Version, number),
    });
  }

  #answerMetadata(call: VaultCall, path: string): VaultAnswer {
    if (isList(call)) {
      const keys = listed(this.#secrets.keys(), path);
      return keys.length === 0 ? NOT_FOUND : envelope(this.#ids, { data: { keys } });
    }
    if (call.method === 'DELETE') {
      this.#secrets.delete(path);
      return NO_CONTENT;
    }
    const versions = this.#secrets.get(path);
    if (call.method !== 'GET') return UNSUPPORTED;
    if (versions === undefined) return NOT_FOUND;
    const described = versions.map((version, index) => [String(index + 1), metadataOf(version, index + 1)]);
    const data = { current_version: versions.length, versions: Object.fromEntries(described) as unknown };
    return envelope(this.#ids, { data });
  }

  #change({ method, body }: VaultCall, kind: string, path: string): VaultAnswer {
    if (!isWrite(method)) return UNSUPPORTED;
    const wanted = Array.isArray(body['versions']) ? (body['versions'] as unknown[]) : [];
    for (const number of wanted) {
      const version = this.#secrets.get(path)?.[Number(number) - 1];
      if (version === undefined) continue;
      if (kind === 'destroy') version.isDestroyed = true;
      else version.deletedAt = kind === 'delete' ? this.#time() : '';
    }
    return NO_CONTENT;
  }

  #time(): string {
    return new Date(this.#clock.wall()).toISOString();
  }
}

const metadataOf = (version: Version, number: number): unknown => ({
  created_time: version.createdAt,
  custom_metadata: null,
  deletion_time: version.deletedAt,
  destroyed: version.isDestroyed,
  version: number,
});
