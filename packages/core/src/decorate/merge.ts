import type { GivenOptions } from '../pipeline/policy.js';
import type { Settings } from '../runtime/runtime.js';
import type { LayerSource, MethodRecord } from './method-record.js';

/** The policies of one method with their options, before the policies' own defaults. */
export interface MergedPolicies {
  readonly policies: ReadonlyMap<string, GivenOptions>;
  /** Explicit order by policy name, when one layer gave it. */
  readonly order: readonly string[] | undefined;
}

const STRENGTH: Record<LayerSource, number> = { class: 0, method: 1, direct: 2 };

interface Source {
  readonly policies: Readonly<Record<string, GivenOptions | false>>;
  /** Refine what the method has and give it nothing. */
  readonly defaults?: Readonly<Record<string, GivenOptions | false>>;
}

/** Options as they pile up, the weakest source first. */
class Pile {
  readonly given = new Map<string, GivenOptions | false>();
  /** Refinements of policies that no source has given yet. */
  private readonly waiting = new Map<string, GivenOptions>();

  add({ policies, defaults = {} }: Source): void {
    for (const [key, options] of Object.entries(defaults)) this.refine(key, options as GivenOptions);
    for (const [key, options] of Object.entries(policies)) this.give(key, options);
  }

  private refine(key: string, options: GivenOptions): void {
    const weaker = this.given.get(key);
    if (weaker === undefined || weaker === false) this.waiting.set(key, { ...this.waiting.get(key), ...options });
    else this.given.set(key, { ...weaker, ...options });
  }

  private give(key: string, options: GivenOptions | false): void {
    const weaker = this.given.get(key);
    if (options === false) this.given.set(key, false);
    else
      this.given.set(key, {
        ...(weaker === false || weaker === undefined ? this.waiting.get(key) : weaker),
        ...options,
      });
  }
}

/**
 * Decorator over named policy over class over `configure` over environment, option by option; `false` takes a policy
 * away until a stronger layer gives it back.
 */
export const mergePolicies = (record: MethodRecord, settings: Settings): MergedPolicies => {
  const layers = [...record.layers].sort((a, b) => STRENGTH[a.source] - STRENGTH[b.source]);
  const pile = new Pile();
  for (const layer of layers) {
    for (const source of layer.chain?.(settings.policies) ?? []) pile.add(source as Source);
    pile.add(layer);
  }
  const policies = new Map<string, GivenOptions>();
  for (const [key, options] of pile.given) {
    if (options === false) continue;
    policies.set(key, { ...builtIn(key, record), ...overDefaults(key, options, settings) });
  }
  return { policies, order: layers.findLast(({ order }) => order !== undefined)?.order };
};

/** A policy's options over what `configure` says, and that over the environment. */
export const overDefaults = (key: string, options: GivenOptions, settings: Settings): GivenOptions => ({
  ...asOptions(settings.environment[key]),
  ...asOptions(settings.defaults[key]),
  ...options,
});

/** A function that cannot see `this` has one cache, whatever object it has been put on. */
const builtIn = (key: string, { place }: MethodRecord): GivenOptions =>
  key === 'cache' && place.ignoresThis === true ? { scope: 'class' } : {};

const asOptions = (value: unknown): GivenOptions =>
  typeof value === 'object' && value !== null ? (value as GivenOptions) : {};
