import { type VaultAnswer, type VaultCall, envelope, failure, noRoute } from './answer.js';
import type { Identifiers } from '../fake-server/identifiers.js';
import { type Engine, PlainSecrets, VersionedSecrets } from './key-values.js';
import { DynamicCredentials, type Leases } from './leases.js';
import type { FakeVaultOptions, VaultClock, VaultEngine } from './options.js';

interface Mount {
  /** With a slash at its end. */
  readonly path: string;
  readonly kind: VaultEngine;
  readonly engine: Engine;
  readonly accessor: string;
}

const DEFAULT_MOUNTS: Readonly<Record<string, VaultEngine>> = {
  'secret/': 'kv-v2',
  'kv/': 'kv-v1',
  'database/': 'database',
};

const withSlash = (path: string): string => `${path.replaceAll(/^\/+|\/+$/g, '')}/`;

/** The engines of one namespace. */
export class Mounts {
  readonly #mounts: readonly Mount[];
  readonly #ids: Identifiers;

  constructor(options: FakeVaultOptions, parts: { ids: Identifiers; clock: VaultClock; leases: Leases }) {
    this.#ids = parts.ids;
    const engineOf = (kind: VaultEngine, path: string): Engine => {
      if (kind === 'kv-v1') return new PlainSecrets(parts.ids);
      if (kind === 'kv-v2') return new VersionedSecrets(parts.ids, parts.clock);
      return new DynamicCredentials(path, options.roles ?? {}, parts.leases);
    };
    this.#mounts = Object.entries(options.mounts ?? DEFAULT_MOUNTS)
      .map(([given, kind]) => ({ path: withSlash(given), kind }))
      .map(({ path, kind }) => ({
        path,
        kind,
        engine: engineOf(kind, path),
        accessor: `${kind}_${parts.ids.letters(8)}`,
      }));
    this.#refuseNesting();
  }

  kindOf(path: string): VaultEngine | undefined {
    return this.#find(path)?.kind;
  }

  /** @throws TypeError when no key-value mount is there. */
  set(path: string, data: Readonly<Record<string, unknown>>): void {
    const { engine, rest } = this.#keyValues(path);
    engine.set(rest, data);
  }

  /** @throws TypeError when no key-value mount is there. */
  delete(path: string): void {
    const { engine, rest } = this.#keyValues(path);
    engine.delete(rest);
  }

  answer(call: VaultCall): VaultAnswer {
    const mount = this.#find(call.path);
    return mount === undefined ? noRoute(call.path) : mount.engine.answer(call, call.path.slice(mount.path.length));
  }

  /** `sys/internal/ui/mounts/<path>`: what a client asks to learn the version of key-value secrets. */
  describe(path: string): VaultAnswer {
    const mount = this.#find(path);
    if (mount === undefined) {
      const words = "preflight capability check returned 403, please ensure client's policies grant access to path";
      return failure(403, `${words} "${withSlash(path)}"`);
    }
    const isKeyValue = mount.kind !== 'database';
    return envelope(this.#ids, {
      data: {
        accessor: mount.accessor,
        config: { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0 },
        description: '',
        external_entropy_access: false,
        local: false,
        options: isKeyValue ? { version: mount.kind === 'kv-v2' ? '2' : '1' } : null,
        path: mount.path,
        seal_wrap: false,
        type: isKeyValue ? 'kv' : 'database',
      },
    });
  }

  /** As Vault does: no mount lies inside of another. */
  #refuseNesting(): void {
    for (const { path } of this.#mounts) {
      const outer = this.#mounts.find((other) => other.path !== path && path.startsWith(other.path));
      if (outer !== undefined) throw new TypeError(`fakeVault: mount '${path}' lies inside of '${outer.path}'`);
    }
  }

  #find(path: string): Mount | undefined {
    return this.#mounts.find((mount) => `${path}/`.startsWith(mount.path));
  }

  #keyValues(path: string): { engine: PlainSecrets | VersionedSecrets; rest: string } {
    const mount = this.#find(path);
    if (mount?.engine instanceof PlainSecrets || mount?.engine instanceof VersionedSecrets)
      return { engine: mount.engine, rest: path.slice(mount.path.length) };
    throw new TypeError(`fakeVault: no key-value engine is mounted at '${path}'; mounts: ${this.#paths()}`);
  }

  #paths(): string {
    return this.#mounts.map(({ path }) => path).join(', ');
  }
}
