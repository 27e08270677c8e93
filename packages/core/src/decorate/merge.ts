import { configurationError } from '../errors/option-check.js';
import { closest } from '../algorithms/edit-distance.js';
import type { GivenOptions } from '../pipeline/policy.js';
import type { Settings } from '../runtime/runtime.js';
import type { Layer, LayerSource, MethodRecord } from './method-record.js';

/** The policies of one method with their options, before the policies' own defaults. */
export interface MergedPolicies {
  readonly policies: ReadonlyMap<string, GivenOptions>;
  /** Explicit order by policy name, when one layer gave it. */
  readonly order: readonly string[] | undefined;
}

const STRENGTH: Record<LayerSource, number> = { class: 0, method: 1, direct: 2 };

const namedOptions = (layer: Layer, settings: Settings): Readonly<Record<string, unknown>> => {
  const name = layer.named;
  if (name === undefined) return {};
  const options = settings.policies[name];
  if (options !== undefined) return options;
  const hint = closest(name, Object.keys(settings.policies));
  const remedy =
    hint === undefined
      ? `configure({ policies: { '${name}': { … } } }) before the first call`
      : `did you mean '${hint}'?`;
  throw configurationError(layer.site, `there is no policy named '${name}'; ${remedy}`, 'policies');
};

/**
 * Decorator over named policy over class over `configure` over environment, option by option; `false` takes a policy
 * away until a stronger layer gives it back.
 */
export const mergePolicies = (record: MethodRecord, settings: Settings): MergedPolicies => {
  const layers = [...record.layers].sort((a, b) => STRENGTH[a.source] - STRENGTH[b.source]);
  const given = new Map<string, GivenOptions | false>();
  for (const layer of layers) {
    const named = namedOptions(layer, settings) as Record<string, GivenOptions | false>;
    for (const source of [named, layer.policies]) {
      for (const [key, options] of Object.entries(source)) {
        const weaker = given.get(key);
        given.set(key, options === false ? false : { ...(weaker === false ? {} : weaker), ...options });
      }
    }
  }
  const policies = new Map<string, GivenOptions>();
  for (const [key, options] of given) {
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
