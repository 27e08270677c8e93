import type { Classifier } from '../errors/classify.js';
import type { DiagnosticsChannel } from '../events/channel.js';
import type { EventType } from '../events/event.js';
import { EventBus } from '../events/event-bus.js';
import { type Logger, type LoggerLevel, consoleTap, debugTap, loggerTap } from '../events/taps.js';
import type { Clock } from './clock.js';
import { TimerPool } from './deadline-list.js';
import { type GivenSections, NOTHING_GIVEN, type PolicyOptions, type Sections, sectionsOf } from './given-sections.js';
import { DirectWork } from './direct-work.js';
import type { Random } from './random.js';
import { SystemClock } from './system-clock.js';
import { builtinModule, debugNamespaces, systemRandom } from './system.js';

export interface GeneralSettings {
  readonly enabled?: boolean | undefined;
  readonly logLevel?: LoggerLevel | undefined;
}

/** What `configure` has set, validated; the policies' own options are kept as given and resolved at binding. */
export interface Settings extends Sections {
  readonly enabled: boolean;
  /** What code and the environment have said of it and of the level; code wins, whichever spoke last. */
  readonly general: { readonly code: GeneralSettings; readonly environment: GeneralSettings };
  /** By whom the sections were given that hold. */
  readonly given: GivenSections;
  readonly environment: PolicyOptions;
  readonly classifiers: readonly Classifier[];
  /** The second tier of all caches; undefined: the process's own memory alone. */
  readonly store: object | undefined;
  /** How it is guarded, as given and checked. */
  readonly storeGuard: PolicyOptions;
  readonly logger: Logger | false | undefined;
  readonly logLevel: LoggerLevel | undefined;
  readonly captureStacks: boolean;
  /** Codes of advice that nobody wants to hear. */
  readonly silenced: readonly string[];
  readonly usesExactClock: boolean;
  readonly clock: Clock;
  readonly random: Random;
}

const diagnosticsChannels = (): ((type: EventType) => DiagnosticsChannel) | undefined => {
  const diagnostics = builtinModule<{ channel(name: string): DiagnosticsChannel }>('node:diagnostics_channel');
  return diagnostics && ((type) => diagnostics.channel(`holdfast:${type}`));
};

export const builtInSettings = (clock: Clock = new SystemClock(), random: Random = systemRandom): Settings => ({
  enabled: true,
  general: { code: {}, environment: {} },
  ...sectionsOf(NOTHING_GIVEN),
  given: NOTHING_GIVEN,
  environment: {},
  classifiers: [],
  store: undefined,
  storeGuard: {},
  logger: undefined,
  logLevel: undefined,
  captureStacks: false,
  silenced: [],
  usesExactClock: false,
  clock,
  random,
});

/** What `shutdown` brings along, so that nobody else's bundle need. */
export interface ClosedDoor {
  /** The class of the stacks that refuse every call. */
  readonly stack: unknown;
  /** For calls without a stack: the error that refuses the one of this name, or undefined where it may pass. */
  refusalOf(runtime: Runtime, name: string): unknown;
}

/**
 * One world of resilience: ports, settings, events and the state of every method called in it. Most programs have one;
 * tests, tenants and apps make their own.
 */
export class Runtime {
  /** Grows with every change of settings; bound stacks of an older version are bound again. */
  version = 0;
  settings: Settings;
  /** After `shutdown`: refuses every new call. */
  door: ClosedDoor | undefined = undefined;
  /** After `shutdown`: nothing has been left under way. */
  isDrained = false;
  readonly events: EventBus;
  timers: TimerPool;
  /** Set by the layer that binds: everything the runtime's methods have bound, for `health`, `stats` and `reset`. */
  readonly state = new Map<string, unknown>();
  /** What is under way without a method: `retry()`, `Circuit.call`, `ResultCache.getOrLoad`. */
  readonly directWork = new DirectWork();
  readonly #onChange = new Set<() => void>();

  constructor(settings: Settings) {
    this.settings = settings;
    this.timers = new TimerPool(settings.clock);
    this.events = new EventBus({ wall: () => this.settings.clock.wall(), diagnostics: diagnosticsChannels() });
    this.#tapEvents();
  }

  get clock(): Clock {
    return this.settings.clock;
  }

  get random(): Random {
    return this.settings.random;
  }

  apply(settings: Settings): void {
    if (settings.clock !== this.settings.clock) this.timers = new TimerPool(settings.clock);
    this.settings = settings;
    this.version += 1;
    this.#tapEvents();
    for (const listener of this.#onChange) listener();
  }

  get isClosed(): boolean {
    return this.door !== undefined;
  }

  /** Methods refuse every call from now on, until the runtime is reset. */
  close(door: ClosedDoor): void {
    this.door = door;
    this.apply(this.settings);
  }

  /** Told after each change of settings. */
  onChange(listener: () => void): void {
    this.#onChange.add(listener);
  }

  #tapEvents(): void {
    const { logger, logLevel, clock } = this.settings;
    const log =
      logger === undefined
        ? [consoleTap(logLevel ?? 'info', () => clock.now())]
        : logger === false
          ? []
          : [loggerTap(logger, logLevel ?? 'debug')];
    const debug = debugTap(debugNamespaces());
    this.events.tap(debug === undefined ? log : [debug, ...log]);
  }
}
