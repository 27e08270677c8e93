import { ConfigurationError } from '../errors/configuration-error.js';
import { BreakerMachine, type Transition } from '../policies/circuit-breaker/machine.js';
import type { Runtime } from '../runtime/runtime.js';
import { world } from '../runtime/world.js';
import { type CacheStore, type StoreEntry, storeProblem } from '../stores/cache-store.js';
import { StoreFailure, StoreGuard } from '../stores/store-guard.js';
import { storeKit } from '../stores/store-kit.js';
import { StoreTier } from '../stores/store-tier.js';
import { type StoreGuardOptions, parseGuardOptions, resolveGuardOptions } from './store-guard-options.js';

export interface GuardedStoreOptions extends StoreGuardOptions {
  /** Whose clock, chance and events it uses. Default: the default runtime. */
  readonly runtime?: Runtime;
}

/** A guard, its circuit, and what both were told last. */
class BoundGuard {
  readonly guard: StoreGuard;
  private readonly machine: BreakerMachine;
  private readonly runtime: Runtime;
  private given: StoreGuardOptions;

  constructor(store: CacheStore, runtime: Runtime, given: StoreGuardOptions) {
    const { terms, circuit, isCircuitOn } = resolveGuardOptions(given);
    this.runtime = runtime;
    this.given = given;
    this.machine = new BreakerMachine(circuit, () => runtime.random());
    if (!isCircuitOn) this.machine.disable(runtime.clock.now());
    this.machine.onTransition = (transition) => this.report(transition);
    this.guard = new StoreGuard(store, runtime, { circuit: this.machine, terms });
  }

  /** State stays; new terms hold from the next operation on. */
  use(given: StoreGuardOptions): StoreGuard {
    if (given === this.given) return this.guard;
    const { terms, circuit, isCircuitOn } = resolveGuardOptions(given);
    const now = this.runtime.clock.now();
    this.given = given;
    this.guard.terms = terms;
    this.machine.reconfigure(circuit, now);
    const isOn = this.machine.state(now) !== 'disabled';
    if (isCircuitOn && !isOn) this.machine.close(now);
    else if (!isCircuitOn && isOn) this.machine.disable(now);
    return this.guard;
  }

  private report({ from, to, failures, retryAfter }: Transition): void {
    const { events } = this.runtime;
    const store = this.guard.store.name;
    const error = this.machine.lastFailure;
    if (to === 'open') {
      const facts = { store, failures, retryAfter: Math.ceil(retryAfter - 1e-6) };
      events.emit('store.opened', store, error === undefined ? facts : { ...facts, error });
    } else if (to === 'closed' && from === 'half-open') events.emit('store.closed', store, { store });
  }
}

/**
 * A store that asks another through a guard: bounded in time, retried, left alone while it is down. With `failOpen`
 * nothing rejects: a read that fails is a miss, a write that fails does nothing.
 */
class GuardedStore implements CacheStore {
  readonly guard: StoreGuard;
  private readonly inner: CacheStore;

  constructor(store: CacheStore, { runtime = world.runtime, ...given }: GuardedStoreOptions) {
    const options = parseGuardOptions(given, SITE);
    this.inner = store;
    this.guard = new BoundGuard(store, runtime, options).guard;
  }

  get name(): string {
    return this.inner.name;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    return this.settled(await this.guard.read(key, this.name, false), undefined);
  }

  async set(key: string, entry: StoreEntry): Promise<void> {
    await this.write('set', () => this.inner.set(key, entry), undefined);
  }

  async delete(key: string): Promise<boolean> {
    return (await this.write('delete', () => this.inner.delete(key), false)) === true;
  }

  async clear(prefix?: string): Promise<void> {
    await this.write('clear', () => this.inner.clear(prefix), undefined);
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    await this.write('invalidateTags', () => this.inner.invalidateTags?.(tags), undefined);
  }

  async close(): Promise<void> {
    await this.inner.close?.();
  }

  private async write<Value>(operation: string, act: () => unknown, otherwise: Value): Promise<unknown> {
    return this.settled(await this.guard.write({ operation, method: this.name, isBackground: false, act }), otherwise);
  }

  private settled<Value>(answer: Value | StoreFailure, otherwise: Value): Value {
    if (!(answer instanceof StoreFailure)) return answer;
    if (!this.guard.terms.failOpen) throw answer.error;
    return otherwise;
  }
}

const SITE = { decorator: 'guardedStore' };
const GUARDS = 'store guards';

/** One guard per store and runtime; a store that comes with its own keeps it. */
const guardOf = (store: CacheStore, runtime: Runtime): StoreGuard => {
  if (store instanceof GuardedStore) return store.guard;
  const guards = (runtime.state.get(GUARDS) ?? new WeakMap()) as WeakMap<CacheStore, BoundGuard>;
  runtime.state.set(GUARDS, guards);
  const given = runtime.settings.storeGuard as StoreGuardOptions;
  const known = guards.get(store);
  if (known !== undefined) return known.use(given);
  const bound = new BoundGuard(store, runtime, given);
  guards.set(store, bound);
  return bound.guard;
};

/** Whoever brings stores along brings their guards. */
export const withStoreGuards = <Fn>(fn: Fn): Fn => {
  storeKit.present = { guardOf, Tier: StoreTier };
  return fn;
};

/**
 * A store behind a guard of its own, for `@Cached({ store })` or direct use: `guardedStore(store, { readTimeout: '50ms' })`.
 * Stores given to `configure` and `@Cached` have one without it, by the options of `configure({ storeGuard })`.
 * @throws ConfigurationError on a wrong option, or on what is no store.
 */
export const guardedStore = /* @__PURE__ */ withStoreGuards(
  (store: CacheStore, options: GuardedStoreOptions = {}): CacheStore => {
    const problem = storeProblem(store);
    if (problem !== undefined) throw new ConfigurationError(`guardedStore: ${problem}`, { option: 'store' });
    return new GuardedStore(store, options);
  },
);
