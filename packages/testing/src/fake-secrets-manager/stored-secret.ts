import { invalidParameter, notFound } from './answer.js';

/** One of the two, as on the wire: bytes are base64. */
export type WireValue = { readonly SecretString: string } | { readonly SecretBinary: string };

interface Version {
  readonly id: string;
  readonly value: WireValue;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly stages: Set<string>;
}

export const CURRENT = 'AWSCURRENT';
export const PREVIOUS = 'AWSPREVIOUS';

/** A secret with its versions, and the labels that say which is which. */
export class StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  /** On the server's monotonic clock: gone from then on. Undefined while it is not marked for deletion. */
  goneAt: number | undefined;
  /** Seconds since the epoch. */
  deletedAt: number | undefined;
  readonly #versions = new Map<string, Version>();

  constructor(arn: string, name: string, createdAt: number) {
    this.arn = arn;
    this.name = name;
    this.createdAt = createdAt;
  }

  get stagesById(): Record<string, string[]> {
    const labelled = [...this.#versions.values()].filter(({ stages }) => stages.size > 0);
    return Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]]));
  }

  has(id: string): boolean {
    return this.#versions.has(id);
  }

  holds(id: string, value: WireValue): boolean {
    return JSON.stringify(this.#versions.get(id)?.value) === JSON.stringify(value);
  }

  put(id: string, value: WireValue, createdAt: number, stages: readonly string[]): void {
    this.#versions.set(id, { id, value, createdAt, stages: new Set() });
    for (const stage of stages) this.#move(stage, id);
  }

  /** The version asked for, by id, by label or by both. */
  find(id: string | undefined, stage: string | undefined): Version {
    if (id === undefined) return this.#labelled(stage ?? CURRENT);
    const version = this.#versions.get(id);
    if (version === undefined) throw notFound(`secret value for VersionId: ${id}`);
    if (stage !== undefined && !version.stages.has(stage))
      throw notFound(`secret value for VersionId: ${id} and staging label: ${stage}`);
    return version;
  }

  /** As UpdateSecretVersionStage: the old version has to be named. */
  relabel(stage: string, from: string | undefined, to: string | undefined): void {
    const attached = this.#idOf(stage);
    if (attached !== undefined && attached !== from && attached !== to)
      throw invalidParameter(
        `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${attached}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    if (to === undefined) this.#versions.get(from ?? '')?.stages.delete(stage);
    else this.#move(stage, this.find(to, undefined).id);
  }

  #labelled(stage: string): Version {
    const id = this.#idOf(stage);
    if (id === undefined) throw notFound(`secret value for staging label: ${stage}`);
    return this.#versions.get(id) as Version;
  }

  #idOf(stage: string): string | undefined {
    return [...this.#versions.values()].find(({ stages }) => stages.has(stage))?.id;
  }

  /** A label is on one version at a time; what was current is the previous one, by itself. */
  #move(stage: string, to: string): void {
    const from = this.#idOf(stage);
    if (from === to) return;
    this.#versions.get(from ?? '')?.stages.delete(stage);
    this.#versions.get(to)?.stages.add(stage);
    if (stage === CURRENT && from !== undefined) this.#move(PREVIOUS, from);
  }
}
