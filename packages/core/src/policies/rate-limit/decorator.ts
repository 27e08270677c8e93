import type { Later, MethodDecorator } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { policyStates } from '../../decorate/policy-states.js';
import { configurationError } from '../../errors/option-check.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { RateLimitInterceptor } from './interceptor.js';
import { BoundLimiter } from './limiter.js';
import { RateLimitMachine } from './machine.js';
import { type RateLimitOptions, type RateLimitTerms, parseRateLimitOptions, resolveRateLimitTerms } from './options.js';

/** Keys may be all users of a service; a limit takes some hundred bytes. */
const MOST_KEYS = 100_000;

const checkAgainstKind = ({ maxWait }: RateLimitTerms, { kind, site }: Binding): void => {
  if (kind !== 'sync' || maxWait === 0) return;
  const problem = 'maxWait needs a method that returns a Promise; a synchronous one cannot be held back';
  throw configurationError(site, problem, 'maxWait');
};

const bind = (options: Partial<RateLimitOptions>, binding: Binding): readonly BoundPiece[] => {
  const { runtime, site } = binding;
  const terms = resolveRateLimitTerms(options, site);
  checkAgainstKind(terms, binding);
  const limiters = policyStates<BoundLimiter>(binding, {
    kind: 'rate limit',
    name: options.name,
    scope: options.scope,
    key: options.key,
    options: terms,
    mostKeys: MOST_KEYS,
    keepsBusy: false,
    isIdle: ({ machine, now }) => machine.isIdle(now),
    create: (name) => new BoundLimiter(name, new RateLimitMachine(terms), runtime),
    update: (limiter) => limiter.reconfigure(terms),
  });
  const interceptor = new RateLimitInterceptor(options, terms, { limiters, binding });
  return [{ rank: RANKS['rate-limit'], interceptor }];
};

export const rateLimitPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'rate-limit',
  key: 'rateLimit',
  decorator: '@RateLimit',
  isAsyncOnly: false,
  parse: parseRateLimitOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Admits `limit` calls per `interval`. What comes on top is refused with a RateLimitedError, which says when to come
 * again; with `maxWait` calls are held back that long at most. Retries are calls, too: each attempt takes a token.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function RateLimit<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: RateLimitOptions<Later<Args>>,
): MethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(rateLimitPolicy, options, RateLimit) as MethodDecorator<Self, Legacy, Args, Result>;
}
