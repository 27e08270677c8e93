import type { Duration } from '../../algorithms/duration.js';
import { ConfigurationError } from '../../errors/configuration-error.js';
import type { CurrentLoad } from '../../pipeline/current-call.js';
import { tagsProblem } from '../../stores/tag-names.js';

/** What the method has said of its result. */
export class Said {
  /** The attempt that has said it: another one begins anew. */
  readonly attempt: number;
  ttl: { readonly given: Duration } | undefined = undefined;
  tags: readonly string[] | undefined = undefined;
  /** What is wrong with the tags. */
  problem: string | undefined = undefined;
  isSkipped = false;
  isUnmodified = false;

  constructor(attempt: number) {
    this.attempt = attempt;
  }
}

/** What is seen of a load. */
export interface SeenLoad {
  readonly stale: CurrentLoad['stale'];
  readonly isRefresh: boolean;
  readonly hasEnded: boolean;
  readonly run: { readonly attempt: number; readonly method: string };
  readonly said: Said | undefined;
  latest: Said | undefined;
  /** It has the tags of its result from now on, so that an invalidation meets it. */
  holdTags(): void;
}

/** The load as its method sees it: `currentCall().cache`. Never pooled, since a method may keep it. */
export class LoadView implements CurrentLoad {
  readonly #flight: SeenLoad;
  readonly #attempt: number;

  constructor(flight: SeenLoad) {
    this.#flight = flight;
    this.#attempt = flight.run.attempt;
  }

  get stale(): CurrentLoad['stale'] {
    const { stale } = this.#flight;
    return stale && { value: stale.value, age: stale.age };
  }

  get isRefresh(): boolean {
    return this.#flight.isRefresh;
  }

  setTags(tags: readonly string[]): void {
    const said = this.#said();
    if (said === undefined) return;
    said.problem = tagsProblem(tags);
    if (said.problem !== undefined) return;
    said.tags = [...new Set(tags)];
    this.#flight.holdTags();
  }

  setTtl(ttl: Duration): void {
    const said = this.#said();
    if (said !== undefined) said.ttl = { given: ttl };
  }

  skip(): void {
    const said = this.#said();
    if (said !== undefined) said.isSkipped = true;
  }

  notModified<Value = never>(): Value {
    const { stale, run } = this.#flight;
    if (stale === undefined)
      throw new ConfigurationError(
        `${run.method}: cache.notModified() has no value to keep; ask for cache.stale before, and load the value where there is none`,
        { method: run.method, policy: 'cached' },
      );
    const said = this.#said();
    if (said !== undefined) {
      said.isUnmodified = true;
      this.#flight.holdTags();
    }
    return stale.value as Value;
  }

  /** Where it is still of interest: neither after the load nor in an attempt that has been given up. */
  #said(): Said | undefined {
    const flight = this.#flight;
    if (flight.hasEnded || this.#attempt !== flight.run.attempt) return undefined;
    return flight.said ?? (flight.latest = new Said(this.#attempt));
  }
}
