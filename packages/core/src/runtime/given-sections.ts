import type { RetryBudget } from '../algorithms/retry-budget.js';

/**
 * What is configured by name, and by whom: what code has said with `configure` stays, and each source of `reload` has a
 * layer of its own over it, which its next reload replaces section by section.
 *
 *     configure ──▶ own ◀── reload 'file' ◀── reload 'service'        the later one is the stronger one;
 *                                                                     what code says afterwards is stronger still
 */

/** Options per policy, by the option name of `@Resilient`: `{ cache: { ttl: '1m' }, retry: { maxAttempts: 4 } }`. */
export type PolicyOptions = Readonly<Record<string, unknown>>;

/** A named policy as checked: what it builds on, gives, takes away (`false`), and refines where a method has it. */
export interface NamedOptions {
  readonly base: string | undefined;
  readonly policies: PolicyOptions;
  readonly defaults: PolicyOptions;
}

export interface Sections {
  /** Options per policy. */
  readonly defaults: PolicyOptions;
  readonly policies: Readonly<Record<string, NamedOptions>>;
  /** Budgets that policies name. */
  readonly budgets: Readonly<Record<string, RetryBudget>>;
}

export interface GivenSections {
  readonly own: Sections;
  readonly bySource: ReadonlyMap<string, Partial<Sections>>;
}

const NAMES = ['defaults', 'policies', 'budgets'] as const;

const NOTHING: Sections = { defaults: {}, policies: {}, budgets: {} };

export const NOTHING_GIVEN: GivenSections = { own: NOTHING, bySource: new Map() };

const overlaid = (layers: readonly Partial<Sections>[]): Sections => ({
  defaults: Object.assign({}, ...layers.map(({ defaults }) => defaults)) as Sections['defaults'],
  policies: Object.assign({}, ...layers.map(({ policies }) => policies)) as Sections['policies'],
  budgets: Object.assign({}, ...layers.map(({ budgets }) => budgets)) as Sections['budgets'],
});

/** The layer without the names that code has given anew. */
const without = (layer: Partial<Sections>, given: Partial<Sections>): Partial<Sections> =>
  Object.fromEntries(
    NAMES.filter((section) => layer[section] !== undefined).map((section) => {
      const isAnew = ([name]: [string, unknown]): boolean => Object.hasOwn(given[section] ?? {}, name);
      return [section, Object.fromEntries(Object.entries(layer[section] ?? {}).filter((each) => !isAnew(each)))];
    }),
  );

/** The same after `configure`, or after a reload of `source`. */
export const give = (
  { own, bySource }: GivenSections,
  given: Partial<Sections>,
  source: string | undefined,
): GivenSections => {
  if (source === undefined) {
    const layers = [...bySource].map(([name, layer]) => [name, without(layer, given)] as const);
    return { own: overlaid([own, given]), bySource: new Map(layers) };
  }
  const layers = new Map(bySource);
  layers.delete(source);
  return { own, bySource: layers.set(source, { ...bySource.get(source), ...given }) };
};

/** What holds. */
export const sectionsOf = ({ own, bySource }: GivenSections): Sections => overlaid([own, ...bySource.values()]);
