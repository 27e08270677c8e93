import { hashKey } from '../algorithms/key-hash.js';
import type { CacheKey } from '../algorithms/stable-key.js';
import { processSalt } from '../runtime/system.js';

export interface KeyedTerms<State> {
  /** More states than this are not kept, but for what `keepsBusy` says. */
  readonly most: number;
  /** Forgetting an idle state loses nothing: a new one would be the same. */
  readonly isIdle: (state: State) => boolean;
  /** Busy states are never forgotten: there are as many as there is work under way. */
  readonly keepsBusy: boolean;
  readonly create: (name: string) => State;
}

/** How many states one new key looks at: a bound on its cost, whatever the number of keys. */
const MOST_LOOKS = 16;

/**
 * One state per key, in bounded memory. A new key that finds the map full looks at the oldest states: idle ones are
 * forgotten, busy ones get a second chance behind the youngest. So finding a known key costs one look-up and no order
 * has to be kept (the clock algorithm of operating systems). Where all are busy the oldest goes, or none.
 */
export class KeyedStates<State> {
  private readonly states = new Map<CacheKey, State>();
  private readonly label: string;
  private terms: KeyedTerms<State>;

  /** @param label what the names of the states begin with. */
  constructor(label: string, terms: KeyedTerms<State>) {
    this.label = label;
    this.terms = terms;
  }

  /** Holds for keys to come; what is there is the caller's to bring up to date. */
  use(terms: KeyedTerms<State>): void {
    this.terms = terms;
  }

  of(key: CacheKey): State {
    let state = this.states.get(key);
    if (state === undefined) {
      if (this.states.size >= this.terms.most) this.makeRoom();
      // Keys may be names of customers: what shows in events is a hash.
      state = this.terms.create(`${this.label}[${hashKey(key, processSalt())}]`);
      this.states.set(key, state);
    }
    return state;
  }

  get size(): number {
    return this.states.size;
  }

  values(): Iterable<State> {
    return this.states.values();
  }

  private makeRoom(): void {
    const { most, isIdle, keepsBusy } = this.terms;
    for (let look = 0; look < MOST_LOOKS && this.states.size >= most; look++) {
      const [key, state] = this.states.entries().next().value as [CacheKey, State];
      this.states.delete(key);
      if (!isIdle(state)) this.states.set(key, state);
    }
    if (!keepsBusy && this.states.size >= most) this.states.delete(this.states.keys().next().value);
  }
}
