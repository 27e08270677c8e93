import type { Later, MethodDecorator, ThisOf } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { siblingHandle } from '../../decorate/sibling.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { type InvalidationTarget, InvalidatesInterceptor } from './interceptor.js';
import { type InvalidatesOptions, parseInvalidatesOptions } from './options.js';

const bind = (options: InvalidatesOptions, binding: Binding): readonly BoundPiece[] => {
  const find = (self: unknown): InvalidationTarget =>
    siblingHandle(self, options.target, 'cached', binding.site) as InvalidationTarget;
  return [{ rank: RANKS.invalidates, interceptor: new InvalidatesInterceptor(options, binding, find) }];
};

export const invalidatesPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'invalidates',
  key: 'invalidates',
  decorator: '@Invalidates',
  isAsyncOnly: false,
  parse: parseInvalidatesOptions,
  bind: (options, binding) => bind(options as unknown as InvalidatesOptions, binding),
});

/**
 * Removes cached values that this method makes out of date: `@Invalidates({ target: 'product', keys: (id) => [id] })`.
 * A load of such a key that is under way is not stored.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function Invalidates<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: InvalidatesOptions<Later<Args>, Later<ThisOf<Self, Legacy>>>,
): MethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(invalidatesPolicy, options, Invalidates) as MethodDecorator<Self, Legacy, Args, Result>;
}
