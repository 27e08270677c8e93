/**
 * Loads: one at a time per key, shared by all who ask while it runs.
 *
 *   caller ─▶ is a load of this key under way? ── no ──▶ lead: register, then run what lies inside
 *                      │ yes                                   │
 *                      ▼                                       ├─ value ──▶ store, unless the key was changed meanwhile
 *                    join: wait for it                         └─ error ──▶ the old value if it may answer, else the error
 *
 * The leader registers before the method runs, so that there is no gap in which a second one could start. A load whose
 * key is invalidated, set or cleared under way is detached: it still answers its own callers, but neither stores nor is
 * joined. A caller who aborts or runs out of patience leaves alone; the work is aborted when the last one has left. A
 * load removes itself and nobody else. Ten thousand settled keys leave an empty map.
 *
 * A call of the same key from inside its own load would wait for itself: it runs directly. While the method runs
 * synchronously this is seen for free; beyond that only with async context on.
 */

import { discard, isSingleUse } from '../../algorithms/single-use.js';
import { Background } from '../../pipeline/background.js';
import { Call, type CallFrame } from '../../pipeline/call.js';
import type { Binding } from '../../pipeline/policy.js';
import { isHeld } from '../../pipeline/work-left.js';
import type { Clock } from '../../runtime/clock.js';
import { runAmbient, world } from '../../runtime/world.js';
import { type Bypass, Flight, Followers, type LoadRequest } from './flight.js';
import type { Found } from './found.js';
import type { RefreshBound } from './refresh-bound.js';
import type { LoadThrough } from './load-through.js';
import type { CachedSettings } from './settings.js';
import type { KnownFailures } from './known-failures.js';
import type { StaleAnswers } from './stale-answers.js';
import { NO_TAGS } from './tags.js';
import type { Waiting } from './waiting.js';
import { NO_COPY, type Writer } from './writer.js';

/** How a load is led. */
interface Manner {
  readonly isRefresh: boolean;
  readonly isCounted: boolean;
  readonly ttl: number | undefined;
  /** The store, where there is one, may answer in the method's place. */
  readonly readsStore: boolean;
}

export interface LoaderParts {
  readonly writer: Writer;
  readonly stale: StaleAnswers;
  readonly refreshBound: RefreshBound | undefined;
  readonly waiting: Waiting;
  readonly failures: KnownFailures | undefined;
  readonly through: LoadThrough | undefined;
}

export class Loader {
  private readonly settings: CachedSettings;
  private readonly binding: Binding;
  private readonly clock: Clock;
  private readonly writer: Writer;
  private readonly stale: StaleAnswers;
  /** Ends refreshes that nobody waits for. */
  private readonly refreshBound: RefreshBound | undefined;
  private readonly waiting: Waiting;
  private readonly failures: KnownFailures | undefined;
  /** Where there is a store. */
  private readonly through: LoadThrough | undefined;

  private readonly counted = (outcome: unknown): unknown => {
    if (!(outcome instanceof Promise)) return outcome;
    const { work } = this.binding;
    const ended = (): void => void (work.loads -= 1);
    work.loads += 1;
    outcome.then(ended, ended);
    return outcome;
  };

  constructor(settings: CachedSettings, binding: Binding, parts: LoaderParts) {
    this.settings = settings;
    this.binding = binding;
    this.clock = binding.runtime.clock;
    this.writer = parts.writer;
    this.stale = parts.stale;
    this.refreshBound = parts.refreshBound;
    this.waiting = parts.waiting;
    this.failures = parts.failures;
    this.through = parts.through;
  }

  /** A miss: waits for the key's load, or leads one. */
  load(request: LoadRequest): unknown {
    const { cell, key, call, inside } = request;
    const flight = cell.flights.get(key);
    const isReentrant = flight !== undefined && isInside(flight);
    if (flight?.promise !== undefined && this.settings.isSingleFlight && !isReentrant)
      return this.join(flight, request);
    this.failures?.answer(cell, key, this.clock.now());
    cell.counters.misses += 1;
    const channel = this.binding.runtime.events.channel('cache.miss');
    // Where there is a store, only that can tell.
    if (channel.isWatched && (this.through === undefined || isReentrant))
      channel.emit(this.binding.method, { keyHash: this.writer.hash(key) });
    if (isReentrant) return this.runAlone(call, inside);
    return this.lead(request, { isRefresh: false, isCounted: true, ttl: undefined, readsStore: true });
  }

  /** A run that nobody joins and that stores nothing; under way it is work like a load. */
  runAlone(call: Call, inside: CallFrame): unknown {
    return this.counted(inside.runInside(call));
  }

  /** `refresh` by hand: joins no older load but detaches it. */
  loadAnew(request: LoadRequest, { ttl }: Bypass): unknown {
    const { events } = this.binding.runtime;
    request.cell.detach(request.key);
    const channel = events.channel('cache.bypassed');
    if (channel.isWatched) channel.emit(this.binding.method, { keyHash: this.writer.hash(request.key) });
    return this.lead(request, { isRefresh: false, isCounted: false, ttl, readsStore: false });
  }

  /** One refresh for any number of callers; none while the key is held back after a failure. */
  refreshInBackground(request: LoadRequest, now: number, readsStore = true): void {
    const { cell, key } = request;
    if (cell.flights.has(key) || now < (cell.throttleOf(key)?.until ?? -Infinity)) return;
    try {
      const outcome = this.lead(request, { isRefresh: true, isCounted: false, ttl: undefined, readsStore });
      if (outcome instanceof Promise) outcome.catch(ignore);
    } catch {
      // Reported as an event; the caller has the old value.
    }
  }

  /** Waits for a load that others lead, where no call record is needed for it: nothing can end this wait alone. */
  follow(flight: Flight, self: unknown, args: readonly unknown[]): Promise<unknown> {
    this.countJoin(flight);
    const run = flight.run.more;
    if (run !== undefined) {
      run.deadline = Infinity;
      run.background?.joined();
    }
    return (flight.followers ??= new Followers(flight, this.counted)).join(self, args);
  }

  private countJoin({ cell, key }: Flight): void {
    cell.counters.coalesced += 1;
    const channel = this.binding.runtime.events.channel('cache.coalesced');
    if (channel.isWatched) channel.emit(this.binding.method, { keyHash: this.writer.hash(key) });
  }

  /** Waits for a load that others lead. */
  private join(flight: Flight, request: LoadRequest): unknown {
    const { call, inside } = request;
    this.countJoin(flight);
    const run = flight.run.more;
    if (run !== undefined) run.deadline = Math.max(run.deadline, call.more?.deadline ?? Infinity);
    call.answeredBy('shared');
    return this.waiting.waitFor(flight, request).then((value) => {
      if (flight.endedStale) call.answeredBy('stale');
      // What can be consumed only once belongs to the leader: everyone else runs on his own.
      const copy = flight.hasSingleUseResult ? NO_COPY : this.writer.copy(value);
      if (copy !== NO_COPY) return copy;
      call.answeredBy('method');
      return this.runAlone(call, inside);
    });
  }

  private lead(request: LoadRequest, { isRefresh, isCounted, ttl, readsStore }: Manner): unknown {
    const { cell, key, call, inside } = request;
    const run = new Call(inside, call.self, call.args);
    const startedAt = this.clock.now();
    const stale = this.stale.replaced(cell, key, startedAt);
    const flight = new Flight(request, run, { startedAt, stale, isRefresh, isCounted, ttl, readsStore });
    this.prepare(flight, call);
    // The user's function runs before the load is one: what it invalidates, the load has not read yet.
    const tags = this.writer.tagsOf(call.self, call.args);
    cell.register(key, flight, this.settings.isSingleFlight || flight.isRefresh);
    if (tags === NO_TAGS) flight.isUntellable = true;
    else if (tags !== undefined) cell.tagLoad(key, flight, (flight.tagsOfCall = tags));
    let outcome: unknown;
    try {
      outcome = this.start(flight);
    } catch (error) {
      flight.isStarting = false;
      if (this.binding.kind !== 'async') return this.failed(flight, error, request);
      outcome = Promise.reject(error);
    }
    flight.isStarting = false;
    if (!(outcome instanceof Promise)) return this.landed(flight, outcome, request);
    const { work } = this.binding;
    const kind = flight.isRefresh ? 'refreshes' : 'loads';
    work[kind] += 1;
    flight.promise = outcome.then(
      (value) => {
        work[kind] -= 1;
        return this.landed(flight, value, request);
      },
      (error: unknown) => {
        work[kind] -= 1;
        return this.failed(flight, error, request);
      },
    );
    return flight.isRefresh ? flight.promise : this.waiting.waitFor(flight, request);
  }

  /** The run can be cut short where a caller can leave; the method gets the flight's signal in the caller's place. */
  private prepare(flight: Flight, call: Call): void {
    const details = flight.run.details;
    details.cache = flight;
    if (flight.isRefresh) {
      details.background = new Background();
      this.refreshBound?.add(flight);
      if (call.more?.callerSignal !== undefined) details.callerSignal = call.more.callerSignal;
      return;
    }
    details.isHeldUntilEnd = isHeld(call);
    // From the beginning: what is being waited for when all have left must not keep the process alive.
    if (this.waiting.mayLeaveLoads) details.background = new Background();
    else if (!call.isInterruptible) return;
    details.isInterruptible = true;
    details.deadline = call.more?.deadline ?? Infinity;
    details.callerSignal = call.more?.callerSignal;
  }

  private start(flight: Flight): unknown {
    return this.through === undefined || !flight.readsStore
      ? this.runMethod(flight)
      : this.through.begin(flight, () => this.runMethod(flight));
  }

  private runMethod(flight: Flight): unknown {
    const { run } = flight;
    if (!world.ambient.isOn) return run.frame.run(run);
    const flights = [...(world.ambient.current?.flights ?? []), flight];
    return runAmbient({ flights }, () => run.frame.run(run));
  }

  private landed(flight: Flight, value: unknown, request: LoadRequest): unknown {
    const { cell, key, call } = request;
    flight.end();
    if (flight.found !== undefined) return this.landedFromStore(flight, flight.found, request);
    call.attempt = flight.run.attempt;
    flight.hasSingleUseResult = isSingleUse(value);
    if (flight.hasSingleUseResult) this.refuse(flight, value);
    else if (!flight.isDetached) this.keep(flight, value, call);
    // Only now: until here the user's functions may change the key, and then the load is detached.
    cell.land(key, flight);
    return value;
  }

  /** What can be consumed only once is the leader's; where he has left, or there never was one, it is nobody's. */
  private refuse({ isRefresh, leader, hasLeaderLeft }: Flight, value: unknown): void {
    this.writer.refuseSingleUse();
    if (isRefresh || hasLeaderLeft || leader.interruption !== undefined) discard(value);
  }

  private landedFromStore(flight: Flight, found: Found, request: LoadRequest): unknown {
    const { cell, key, call } = request;
    const isOld = this.through?.landed(flight, found) === true;
    cell.land(key, flight);
    if (!flight.isRefresh) call.answeredBy(isOld ? 'stale' : 'cache');
    if (isOld && !flight.isDetached) this.refreshInBackground(request, this.clock.now(), false);
    return flight.storeValue;
  }

  private keep(flight: Flight, value: unknown, { args }: Call): void {
    const { cell, key } = flight;
    cell.forgetFailures(key);
    // A load that is not shared may end after one that began later: the younger value stays.
    const isStored = !cell.hasNewer(key, flight.startedAt) && this.writer.storeResult(flight, value, args);
    if (isStored) this.through?.tier.putFrom(cell, key);
    if (isStored && flight.isRefresh)
      this.binding.runtime.events.emit('cache.refreshed', this.binding.method, { keyHash: this.writer.hash(key) });
  }

  private failed(flight: Flight, error: unknown, { cell, key, call }: LoadRequest): unknown {
    cell.land(key, flight);
    flight.end();
    call.attempt = flight.run.attempt;
    const old = this.stale.afterFailure(flight, error, this.clock.now());
    if (old === undefined) {
      this.keepFailure(flight, error, call);
      throw error;
    }
    flight.countStaleInsteadOfMiss();
    flight.endedStale = true;
    if (!flight.isRefresh) call.answeredBy('stale');
    return old.value;
  }

  /** Not that of a refresh where an old value answers the next caller. */
  private keepFailure(flight: Flight, error: unknown, { args }: Call): void {
    if (this.failures === undefined) return;
    if (flight.isRefresh && this.stale.canAnswerNext(flight, error, this.clock.now())) return;
    this.failures.keep(flight, error, args);
  }
}

const ignore = (): void => undefined;

/** Whether this very code runs inside the load. */
const isInside = (flight: Flight): boolean =>
  flight.isStarting || (world.ambient.isOn && world.ambient.current?.flights.includes(flight) === true);
