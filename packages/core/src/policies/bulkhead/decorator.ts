import type { ContextualAsyncMethodDecorator, Later } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { policyStates } from '../../decorate/policy-states.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { BoundBulkhead } from './bulkhead.js';
import { BulkheadInterceptor } from './interceptor.js';
import { BulkheadMachine } from './machine.js';
import { type BulkheadOptions, parseBulkheadOptions, resolveBulkheadTerms } from './options.js';

/** Of idle bulkheads by key; each is some hundred bytes. */
const MOST_KEYS = 1000;

const bind = (options: BulkheadOptions, binding: Binding): readonly BoundPiece[] => {
  const terms = resolveBulkheadTerms(options);
  const bulkheads = policyStates<BoundBulkhead>(binding, {
    kind: 'bulkhead',
    name: options.name,
    scope: options.scope,
    key: options.key,
    options: terms,
    mostKeys: MOST_KEYS,
    keepsBusy: true,
    isIdle: ({ machine }) => machine.isIdle,
    create: (name) => new BoundBulkhead(name, new BulkheadMachine(terms)),
    update: ({ machine }) => machine.reconfigure(terms),
  });
  const interceptor = new BulkheadInterceptor(options, terms, { bulkheads, binding });
  return [{ rank: RANKS.bulkhead, interceptor }];
};

export const bulkheadPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'bulkhead',
  key: 'bulkhead',
  decorator: '@Bulkhead',
  isAsyncOnly: true,
  parse: parseBulkheadOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Bounds how many calls are under way at once; more may wait in a queue, first come, first served, each for
 * `queueTimeout` at most. What is over both is refused with a BulkheadFullError. A slot is held until the work ends,
 * whoever still waits for it.
 * @throws ConfigurationError when the class is defined, on a wrong option or a method that returns no Promise.
 */
export function Bulkhead<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: BulkheadOptions<Later<Args>> = {},
): ContextualAsyncMethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(bulkheadPolicy, options, Bulkhead) as ContextualAsyncMethodDecorator<
    Self,
    Legacy,
    Args,
    Result
  >;
}
