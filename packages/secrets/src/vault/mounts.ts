import type { VaultClient, VaultReply, VaultRequest } from './client.js';
import { errorFrom, isRecord } from './client.js';

/** How the secrets of a mount are read: versions of key-value secrets, or as they are. */
export type MountKind = 'kv-v2' | 'plain';

export interface Mount {
  /** With a slash at its end. */
  readonly path: string;
  readonly kind: MountKind;
}

const firstOf = (path: string): string => path.slice(0, path.indexOf('/') + 1);

const covers = (mount: Mount, path: string): boolean => path.startsWith(mount.path);

/** Statuses by which a server, or its policy, says that it will not tell. */
const isSilent = ({ status }: VaultReply): boolean =>
  status === 400 || status === 403 || status === 404 || status === 405;

const mountFrom = ({ body }: VaultReply): Mount | undefined => {
  const { data } = body;
  if (!isRecord(data) || typeof data['path'] !== 'string') return undefined;
  const { options } = data;
  const isVersioned = data['type'] === 'kv' && isRecord(options) && options['version'] === '2';
  return { path: data['path'], kind: isVersioned ? 'kv-v2' : 'plain' };
};

/** Which engine answers a path: asked once per mount, and remembered. */
export class Mounts {
  readonly #client: VaultClient;
  readonly #known = new Map<string, Mount>();
  /** By first segment, so that a thousand first reads ask once. */
  readonly #asking = new Map<string, Promise<Mount | undefined>>();

  constructor(client: VaultClient) {
    this.#client = client;
  }

  /** Undefined where the server does not tell. @throws VaultError when it cannot say now. */
  async find(path: string, request: VaultRequest): Promise<Mount | undefined> {
    const known = this.#find(path);
    if (known !== undefined) return known;
    const first = firstOf(path);
    const asking = this.#asking.get(first);
    if (asking === undefined) return this.#ask(path, first, request);
    const found = await asking;
    // No mount lies inside of another, but 'team/a/' and 'team/b/' begin alike.
    return found === undefined || covers(found, path) ? found : this.#ask(path, first, request);
  }

  /** What a read has shown, where the server does not tell. */
  learn(path: string, kind: MountKind): void {
    this.#remember({ path: firstOf(path), kind });
  }

  clear(): void {
    this.#known.clear();
  }

  #find(path: string): Mount | undefined {
    for (const mount of this.#known.values()) if (covers(mount, path)) return mount;
    return undefined;
  }

  #ask(path: string, first: string, request: VaultRequest): Promise<Mount | undefined> {
    const asking = this.#fetch(path, request).finally(() => {
      if (this.#asking.get(first) === asking) this.#asking.delete(first);
    });
    this.#asking.set(first, asking);
    return asking;
  }

  async #fetch(path: string, request: VaultRequest): Promise<Mount | undefined> {
    const reply = await this.#client.ask(`sys/internal/ui/mounts/${path}`, request);
    if (isSilent(reply)) return undefined;
    if (reply.status >= 300) throw errorFrom(reply);
    const mount = mountFrom(reply);
    if (mount !== undefined) this.#remember(mount);
    return mount;
  }

  #remember(mount: Mount): void {
    this.#known.set(mount.path, mount);
  }
}
