import type { Later, MethodDecorator, ThisOf } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { handlesEverywhere, siblingHandle } from '../../decorate/sibling.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { InvalidatesInterceptor, type InvalidationTarget } from './interceptor.js';
import { type InvalidatesOptions, type SomethingToInvalidate, parseInvalidatesOptions } from './options.js';

const bind = (options: InvalidatesOptions, binding: Binding): readonly BoundPiece[] => {
  const { target } = options;
  const find =
    target === undefined
      ? undefined
      : (self: unknown) => siblingHandle(self, target, 'cached', binding.site) as InvalidationTarget;
  const caches = (): InvalidationTarget[] => handlesEverywhere(binding.runtime, 'cached') as InvalidationTarget[];
  return [{ rank: RANKS.invalidates, interceptor: new InvalidatesInterceptor(options, binding, { find, caches }) }];
};

export const invalidatesPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'invalidates',
  key: 'invalidates',
  decorator: '@Invalidates',
  isAsyncOnly: false,
  parse: parseInvalidatesOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Removes cached values that this method makes out of date: `@Invalidates({ target: 'product', keys: (id) => [id] })`,
 * or in all caches `@Invalidates({ tags: (id) => ['product:' + id] })`. A load of such an entry that is under way is not
 * stored.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function Invalidates<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: InvalidatesOptions<Later<Args>, Later<ThisOf<Self, Legacy>>> & SomethingToInvalidate,
): MethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(invalidatesPolicy, options, Invalidates) as MethodDecorator<Self, Legacy, Args, Result>;
}
