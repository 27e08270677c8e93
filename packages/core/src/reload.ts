import { type Configuration, changedSettings, configureRuntime } from './configure.js';
import { MethodBinding, allBindings } from './decorate/bind.js';
import { summarize } from './errors/error-facts.js';
import { type OptionSite, checkOptions, text } from './errors/option-check.js';
import { Runtime, type Settings } from './runtime/runtime.js';

/** What to configure with: options, or where they come from. */
export type ConfigurationSource = Configuration | (() => Configuration | Promise<Configuration>);

export interface ReloadOptions {
  /**
   * Which source it is, where there are several: a reload takes away only what an earlier one of its own name gave.
   * Default: all reloads are of one source.
   */
  readonly name?: string;
}

/** How a reload has ended. */
export interface Reload {
  /** True when the new configuration holds, false when the old one does. */
  readonly isTaken: boolean;
  /** Methods, called before, whose options have changed. */
  readonly methods: number;
  /** Why it was not taken. */
  readonly error?: unknown;
}

const SITE: OptionSite = { decorator: 'reload' };

/** In events, in the place of a method. */
const NAME = 'reload';

/**
 * Binds every method that was ever called in a runtime of its own, so that options which contradict each other are found
 * before anything has changed.
 * @throws ConfigurationError
 */
const tryOut = (runtime: Runtime, settings: Settings): void => {
  const trial = new Runtime({ ...settings, logger: false });
  for (const { record, label, owner } of allBindings(runtime))
    if (record.layers.length > 0) new MethodBinding(record, trial, label, owner ?? null).tryOut();
};

/** What methods are told at present; undefined where that is a contradiction. */
const fingerprints = (runtime: Runtime): ReadonlyMap<MethodBinding, string | undefined> =>
  new Map(
    allBindings(runtime).map((binding) => {
      try {
        return [binding, binding.fingerprint];
      } catch {
        return [binding, undefined];
      }
    }),
  );

const take = (runtime: Runtime, given: Configuration, source: string): number => {
  const before = fingerprints(runtime);
  tryOut(runtime, changedSettings(runtime.settings, given, SITE, source));
  configureRuntime(runtime, given, { site: SITE, source });
  const after = fingerprints(runtime);
  // Bound at once: what state is to follow follows without a call.
  for (const binding of after.keys()) void binding.interceptors;
  return [...after].filter(([binding, known]) => before.get(binding) !== known).length;
};

/** How many reloads of a source have begun, and which of them was the latest taken. */
interface Turns {
  begun: number;
  taken: number;
}

const turnsOf = new WeakMap<Runtime, Map<string, Turns>>();

const turnsOfSource = (runtime: Runtime, name: string): Turns => {
  const bySource = turnsOf.get(runtime) ?? new Map<string, Turns>();
  turnsOf.set(runtime, bySource);
  const turns = bySource.get(name) ?? { begun: 0, taken: 0 };
  bySource.set(name, turns);
  return turns;
};

/** Changes settings while calls run; see `reload`. Never rejects. */
export const reloadRuntime = async (
  runtime: Runtime,
  source: ConfigurationSource,
  options: ReloadOptions = {},
): Promise<Reload> => {
  try {
    const { name = '' } = checkOptions(SITE, { name: text }, options) as ReloadOptions;
    const turns = turnsOfSource(runtime, name);
    const turn = (turns.begun += 1);
    const given = typeof source === 'function' ? await source() : source;
    // A source that was slower than a later reading of it has read something older.
    if (turn < turns.taken) return { isTaken: false, methods: 0 };
    const methods = take(runtime, given, name);
    turns.taken = turn;
    runtime.events.emit('config.reloaded', NAME, { methods });
    return { isTaken: true, methods };
  } catch (error) {
    runtime.events.emit('config.reloadFailed', NAME, { error: summarize(error) });
    return { isTaken: false, methods: 0, error };
  }
};
