import { seededStream } from '../../algorithms/seeded-random.js';
import type { Later, MethodDecorator, ThisOf } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { configurationError, isRecord } from '../../errors/option-check.js';
import type { Interceptor } from '../../pipeline/interceptor.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { isProduction } from '../../runtime/system.js';
import { ChaosInterceptor, type ChaosSwitch, describeChaos } from './interceptor.js';
import type { ChaosSettings } from './machine.js';
import { type ChaosOptions, parseChaosOptions, resolveChaosSettings } from './options.js';

/** Who switches it off for the whole program means every method. */
const isVetoed = ({ runtime }: Binding): boolean => {
  const { defaults, environment } = runtime.settings;
  return [defaults['chaos'], environment['chaos']].some((layer) => isRecord(layer) && layer['enabled'] === false);
};

const switchOf = ({ enabled }: ChaosOptions, { shares }: ChaosSettings, binding: Binding): ChaosSwitch => {
  const rate = shares.fault + shares.latency + shares.result;
  if (rate === 0 || isVetoed(binding)) return 'off';
  if (typeof enabled === 'function') return 'asked';
  return enabled === true ? 'on' : 'off';
};

const bind = (options: ChaosOptions, binding: Binding): readonly BoundPiece[] => {
  const { runtime, method, site, kind } = binding;
  const settings = resolveChaosSettings(options, site);
  if (kind === 'sync' && settings.latency.max > 0)
    throw configurationError(site, 'latency needs a method that returns a Promise; make it async, or set latency: 0');
  const state = switchOf(options, settings, binding);
  const { seed } = options;
  // One stream for as long as the seed stays: `configure` must not begin it anew.
  const random = seed === undefined ? runtime.random : binding.state(`seed ${seed}`, () => seededStream(seed, method));
  const warning = binding.state('warning', () => ({ isDue: isProduction() }));
  const interceptor: Interceptor =
    state === 'off'
      ? { policy: 'chaos', describe: () => describeChaos(options, settings, state) }
      : new ChaosInterceptor({ options, settings, state, binding, random, warning });
  return [{ rank: RANKS.chaos, interceptor }];
};

export const chaosPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'chaos',
  key: 'chaos',
  decorator: '@Chaos',
  isAsyncOnly: false,
  parse: parseChaosOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Disturbs a share of the calls on purpose: they fail, begin late, or answer something else. Off until it is switched on:
 * `@Chaos({ fault: 503 })` above the method, `configure({ defaults: { chaos: { enabled: true, rate: 0.1 } } })` or
 * `HOLDFAST_CHAOS_ENABLED` and `HOLDFAST_CHAOS_RATE` where it is wanted.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function Chaos<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: ChaosOptions<Later<Args>, Later<Result>, Later<ThisOf<Self, Legacy>>> = {},
): MethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(chaosPolicy, options, Chaos) as MethodDecorator<Self, Legacy, Args, Result>;
}
