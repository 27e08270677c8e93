import { circuitOf, nameOf, statsOf } from '../app/provider.js';
import type { Subject } from '../app/subject.js';
import { healthWithoutKeys, statsWithoutKeys } from '../app/without-keys.js';
import type { Settings } from '../server/settings.js';
import { VERSION } from '../version.js';
import { EventCounts } from './event-counts.js';
import { Exposition, type Sample, SeriesPlaces } from './exposition.js';
import { circuitNumber, writeCaches, writeCircuits, writeHealth, writeStats } from './gauges.js';

/** What a scraper is told: what was counted since the start, and what reports say now. */
export class Metrics {
  readonly #subject: Subject;
  readonly #settings: Settings;
  readonly #counts: EventCounts;
  readonly #places: SeriesPlaces;

  constructor(subject: Subject, settings: Settings) {
    const { series } = settings.limits;
    this.#subject = subject;
    this.#settings = settings;
    this.#counts = new EventCounts(subject.events, series);
    this.#places = new SeriesPlaces(series);
  }

  /** What is written first is the last to be added up as `other`: who fails comes before how caches do, then durations. */
  get text(): string {
    const out = new Exposition(this.#places);
    const labels = { name: this.#settings.name, version: VERSION, node: process.version };
    out.gauge({ name: 'holdfast_info', help: 'What runs here.' }, [{ labels, value: 1 }]);
    writeHealth(out, healthWithoutKeys(this.#subject.health()));
    this.#counts.writeTo(out);
    writeCaches(
      out,
      'holdfast_cache',
      this.#subject.caches().map(({ name, stats }) => ({ labels: { cache: name }, stats })),
    );
    this.#writeProviders(out);
    writeStats(out, statsWithoutKeys(this.#subject.stats()));
    this.#counts.writeDurationsTo(out);
    return out.text;
  }

  /** Counts no longer. */
  stop(): void {
    this.#counts.stop();
  }

  #writeProviders(out: Exposition): void {
    const { providers } = this.#settings;
    const labelsOf = (provider: (typeof providers)[number]): Sample['labels'] => ({
      provider: nameOf(provider),
      kind: provider.kind,
    });
    const caches = providers.flatMap((provider) => {
      const stats = statsOf(provider);
      return stats === undefined ? [] : [{ labels: labelsOf(provider), stats }];
    });
    writeCaches(out, 'holdfast_provider', caches);
    const circuits = providers.flatMap((provider): Sample[] => {
      const state = circuitOf(provider);
      return state === undefined ? [] : [{ labels: labelsOf(provider), value: circuitNumber(state) }];
    });
    writeCircuits(out, 'holdfast_provider_circuit_state', circuits);
  }
}
