import { type OptionSite, configurationError } from '../errors/option-check.js';
import type { Call, CallFrame } from '../pipeline/call.js';
import { type CurrentCall, viewOf } from '../pipeline/current-call.js';
import { Again, Answer, type Interceptor } from '../pipeline/interceptor.js';
import { type Binding, type BuiltInPolicy, RANKS } from '../pipeline/policy.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import type { MethodDecorator } from './decorator-types.js';
import { policyDecorator, registerPolicy } from './policy-decorator.js';

/** A call as policies of users see it. */
export interface PolicyCall extends CurrentCall {
  readonly self: unknown;
  readonly args: readonly unknown[];
  /** What the policy keeps about this call. */
  state: unknown;
}

/** What a policy of the user's gets at binding. */
export interface PolicyContext {
  /** `Class.method`. */
  readonly method: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** `answer(value)` answers in the method's place; `again(ms)` runs what lies inside once more. */
export const answer = (value: unknown): Answer => new Answer(value);
export const again = (delay = 0): Again => new Again(delay);

export interface PolicyHooks {
  /** On the way in. Throwing refuses the call; a promise is waited for. */
  enter?(call: PolicyCall): void | Promise<void>;
  /** On the way out with a value; returns it or another. */
  leave?(call: PolicyCall, value: unknown): unknown;
  /** On the way out with an error: nothing lets it pass, `answer(value)`, `again(delay)`, or throw another. */
  error?(call: PolicyCall, error: unknown): Answer | Again | undefined | void;
}

/** For what races or is asynchronous by nature: `next()` runs what lies inside, as often as it is called. */
export type AroundPolicy = (call: PolicyCall, next: () => Promise<unknown>) => Promise<unknown>;

export interface PolicyInput<Given, Parsed> {
  /** As in `explain()`, and in camelCase as in `@Resilient({ … })`: 'load-shed' is `loadShed`. */
  readonly name: string;
  /** Checks and completes what was given; throw to refuse. Runs when the class is defined. */
  readonly options?: (given: Given) => Parsed;
  /** Runs at the first call: allocates state, returns hooks or a function around the call. */
  readonly bind: (options: Parsed, context: PolicyContext) => PolicyHooks | AroundPolicy;
  /** The built-in policy this one stands directly outside of. */
  readonly before?: BuiltInPolicy;
  /** The built-in policy this one stands directly inside of. Default: `retry`, so that every attempt passes. */
  readonly after?: BuiltInPolicy;
  /** True when methods with this policy return a Promise. Default: true for a function around the call. */
  readonly async?: boolean;
}

class CallForPolicy implements PolicyCall {
  state: unknown = undefined;
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  get self(): unknown {
    return this.#call.self;
  }

  get args(): readonly unknown[] {
    return this.#call.args;
  }

  get method(): string {
    return this.#call.method;
  }

  get attempt(): number {
    return viewOf(this.#call).attempt;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get remaining(): number {
    return viewOf(this.#call).remaining;
  }

  get cache(): CurrentCall['cache'] {
    return viewOf(this.#call).cache;
  }
}

const bound = (name: string, hooks: PolicyHooks | AroundPolicy): Interceptor => {
  const owner = {};
  const seen = (call: Call): PolicyCall => {
    const known = call.note<CallForPolicy>(owner) ?? new CallForPolicy(call);
    call.setNote(owner, known);
    return known;
  };
  if (typeof hooks === 'function') {
    const next = (call: Call, inside: CallFrame) => async (): Promise<unknown> => inside.runInside(call);
    return { policy: name, around: (call, inside) => hooks(seen(call), next(call, inside)) };
  }
  const { enter, leave, error } = hooks;
  return {
    policy: name,
    ...(enter && { enter: (call: Call) => enter.call(hooks, seen(call)) }),
    ...(leave && { leave: (call: Call, value: unknown) => leave.call(hooks, seen(call), value) }),
    ...(error && { error: (call: Call, thrown: unknown) => error.call(hooks, seen(call), thrown) ?? undefined }),
  };
};

const rankOf = ({ before, after }: { before?: BuiltInPolicy; after?: BuiltInPolicy }): number =>
  before === undefined ? RANKS[after ?? 'retry'] + 1 : RANKS[before] - 1;

const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/**
 * A policy of your own, through the same door as ours: one file, usable as a decorator, in `@Resilient({ … })`, and in
 * `configure({ defaults })`.
 * @returns the decorator; its only argument are the options.
 * @throws ConfigurationError when the name is taken.
 */
export const definePolicy = <Given = undefined, Parsed = Given>(
  input: PolicyInput<Given, Parsed>,
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- matches every method */
): ((
  ...options: undefined extends Given ? [options?: Given] : [options: Given]
) => MethodDecorator<any, any, any[], any>) => {
  const site: OptionSite = { decorator: 'definePolicy' };
  const key = camelCase(input.name);
  if (!/^[a-z][a-z0-9-]*$/.test(input.name))
    throw configurationError(site, `name must be in kebab-case, got '${input.name}'`, 'name');
  const decorator = `@${key.charAt(0).toUpperCase()}${key.slice(1)}`;
  const parse = (given: unknown, at: OptionSite): Readonly<Record<string, unknown>> => {
    try {
      return Object.freeze({ value: input.options === undefined ? given : input.options(given as Given) });
    } catch (thrown) {
      throw configurationError(at, thrown instanceof Error ? thrown.message : 'wrong options');
    }
  };
  const definition = {
    name: input.name,
    key,
    decorator,
    rank: rankOf(input),
    isAsyncOnly: input.async ?? false,
    parse,
    bind: (options: Readonly<Record<string, unknown>>, binding: Binding) => {
      const { clock, random } = binding.runtime;
      const hooks = input.bind(options['value'] as Parsed, { method: binding.method, clock, random });
      return [{ rank: rankOf(input), interceptor: bound(input.name, hooks) }];
    },
  };
  registerPolicy(definition, site);
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above */
  const factory = (options?: Given): MethodDecorator<any, any, any[], any> =>
    policyDecorator(definition, options, factory) as MethodDecorator<any, any, any[], any>;
  return factory;
};
