import {
  type OptionSite,
  callback,
  checkOptions,
  configurationError,
  flag,
  oneOf,
  shown,
  text,
} from '../errors/option-check.js';
import { type Call, type CallFrame, partOf } from '../pipeline/call.js';
import { type CurrentCall, viewOf } from '../pipeline/current-call.js';
import {
  Again,
  Answer,
  type Interceptor,
  type InterceptorFacts,
  Later,
  type Verdict,
} from '../pipeline/interceptor.js';
import { type Binding, type BoundPiece, type BuiltInPolicy, RANKS } from '../pipeline/policy.js';
import { isThenable } from '../pipeline/thenable.js';
import { isHeld, leaveBehind, reallyEnded } from '../pipeline/work-left.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import { world } from '../runtime/world.js';
import type { MethodDecorator } from './decorator-types.js';
import { policyDecorator, registerUserPolicy } from './policy-decorator.js';

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
  /** The policy's state for this method and class: made once, kept when `configure` binds the method again. */
  state<State>(slot: string, create: () => State): State;
}

/** `answer(value)` answers in the method's place; `again(ms)` runs what lies inside once more. */
export const answer = (value: unknown): Answer => new Answer(value);
export const again = (delay = 0): Again => new Again(delay);

export interface PolicyHooks {
  /** On the way in. Throwing refuses the call; a promise is waited for. */
  enter?(call: PolicyCall): void | Promise<void>;
  /** On the way out with a value; returns it, another, `again(delay)`, or a promise. Throwing and rejecting fail the attempt. */
  leave?(call: PolicyCall, value: unknown): unknown;
  /** On the way out with an error: nothing lets it pass, `answer(value)`, `again(delay)`, or throw another. */
  error?(call: PolicyCall, error: unknown): Answer | Again | undefined | void;
}

/** For what races or is asynchronous by nature: `next()` runs what lies inside, as often as it is called. */
export type AroundPolicy = (call: PolicyCall, next: () => Promise<unknown>) => Promise<unknown>;

export interface PolicyInput<Given, Parsed> {
  /** As in `explain()`, and in camelCase as in `@Resilient({ … })`: 'load-shed' is `loadShed`. */
  readonly name: string;
  /**
   * Checks and completes what was given; throw to refuse. Runs when the class is defined, and at the first call for what
   * all layers together say: options that are plain objects merge option by option, as ours do.
   */
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

const nowOrLater = (left: unknown): unknown =>
  isThenable(left)
    ? new Later(Promise.resolve(left).then((value) => (value instanceof Again ? value : new Answer(value))))
    : left;

/** Types do not hold back everybody: what else a hook returns says nothing. */
const waitOf = (entered: unknown): Promise<void> | undefined =>
  isThenable(entered) ? Promise.resolve(entered as PromiseLike<void>) : undefined;

const noted = (call: Call, verdict: unknown): Verdict | Promise<Verdict> => {
  if (isThenable(verdict)) return Promise.resolve(verdict).then((judged) => noted(call, judged));
  if (verdict instanceof Answer) call.answeredBy('policy');
  return verdict instanceof Answer || verdict instanceof Again ? verdict : undefined;
};

/** A function may return without having waited for what it began: who holds a slot around it holds it on. */
const runAround = async (
  hook: (next: () => Promise<unknown>) => Promise<unknown>,
  call: Call,
  inside: CallFrame,
): Promise<unknown> => {
  if (!isHeld(call)) return hook(async () => inside.runInside(call));
  const underWay = new Set<Promise<void>>();
  const next = async (): Promise<unknown> => {
    const run = partOf(inside, call);
    const outcome = Promise.resolve(inside.run(run));
    const ended = reallyEnded(run, outcome);
    const forget = (): void => void underWay.delete(ended);
    underWay.add(ended);
    outcome.then(forget, forget);
    return outcome;
  };
  try {
    return await hook(next);
  } finally {
    leaveBehind(call, [...underWay]);
  }
};

const bound = (name: string, hooks: PolicyHooks | AroundPolicy, given: unknown): Interceptor => {
  const owner = {};
  const seen = (call: Call): PolicyCall => {
    const known = call.note<CallForPolicy>(owner) ?? new CallForPolicy(call);
    call.setNote(owner, known);
    return known;
  };
  const describe = (): InterceptorFacts => ({ options: isPlain(given) ? { ...given } : {} });
  if (typeof hooks === 'function') {
    const around = (call: Call, inside: CallFrame): Promise<unknown> =>
      runAround((next) => hooks(seen(call), next), call, inside);
    return { policy: name, describe, around };
  }
  const { enter, leave, error } = hooks;
  return {
    policy: name,
    describe,
    mayLinger: true,
    ...(enter && { enter: (call: Call) => waitOf(enter.call(hooks, seen(call))) }),
    ...(leave && { leave: (call: Call, value: unknown) => nowOrLater(leave.call(hooks, seen(call), value)) }),
    ...(error && {
      error: (call: Call, thrown: unknown) => noted(call, error.call(hooks, seen(call), thrown)),
    }),
  };
};

const rankOf = ({ before, after }: { before?: BuiltInPolicy; after?: BuiltInPolicy }): number =>
  before === undefined ? RANKS[after ?? 'retry'] + 1 : RANKS[before] - 1;

const camelCase = (name: string): string =>
  name.replace(/-([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());

const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const SITE: OptionSite = { decorator: 'definePolicy' };

const checkInput = <Given, Parsed>(input: PolicyInput<Given, Parsed>): void => {
  const places = oneOf(...Object.keys(RANKS));
  checkOptions(
    SITE,
    { name: text, options: callback, bind: callback, before: places, after: places, async: flag },
    input,
  );
  if (input.name === undefined) throw configurationError(SITE, 'name is missing', 'name');
  if (!KEBAB_CASE.test(input.name))
    throw configurationError(SITE, `name must be in kebab-case, got ${shown(input.name)}`, 'name');
  if (input.bind === undefined) throw configurationError(SITE, 'bind is missing', 'bind');
  if (input.before !== undefined && input.after !== undefined)
    throw configurationError(SITE, 'before and after are both given; keep one', 'after');
};

/** Options that are no plain object travel as a whole. */
const WHOLE = Symbol('whole');
type Recorded = Readonly<Record<PropertyKey, unknown>>;

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const record = (given: unknown): Recorded => {
  if (given === undefined) return Object.freeze({});
  return Object.freeze(isPlain(given) ? { ...given, [WHOLE]: undefined } : { [WHOLE]: given });
};

/** What all layers together have given; undefined when none has given anything. */
const merged = ({ [WHOLE]: whole, ...options }: Recorded): unknown =>
  whole === undefined && Object.keys(options).length > 0 ? options : whole;

const NEEDS_PROMISE = 'needs a method that returns a Promise; make it async, or remove the policy';

/**
 * A policy of your own, through the same door as ours: one file, usable as a decorator, in `@Resilient({ … })`, and in
 * `configure({ defaults })`. Of several policies at one place the one defined first stands outermost.
 * @returns the decorator; its only argument are the options.
 * @throws ConfigurationError when the name is taken.
 */
export const definePolicy = <Given = undefined, Parsed = Given>(
  input: PolicyInput<Given, Parsed>,
): ((
  ...options: undefined extends Given ? [options?: Given] : [options: Given]
) => MethodDecorator<any, any, any[], any>) => {
  checkInput(input);
  const key = camelCase(input.name);
  const decorator = `@${key.charAt(0).toUpperCase()}${key.slice(1)}`;
  const rank = rankOf(input) + world.policies.size / 10_000;
  const read = (given: unknown, at: OptionSite): Parsed => {
    try {
      return (input.options === undefined ? given : input.options(given as Given)) as Parsed;
    } catch (thrown) {
      throw configurationError(at, thrown instanceof Error ? thrown.message : 'wrong options');
    }
  };
  const parse = (given: unknown, at: OptionSite): Recorded => {
    read(given, at);
    return record(given);
  };
  const bind = (options: Recorded, { runtime, method, kind, site, state }: Binding): BoundPiece[] => {
    const { clock, random } = runtime;
    const given = merged(options);
    const hooks = input.bind(read(given, site), { method, clock, random, state });
    if (typeof hooks === 'function' && kind === 'sync') throw configurationError(site, NEEDS_PROMISE);
    return [{ rank, interceptor: bound(input.name, hooks, given) }];
  };
  const isAsyncOnly = input.async ?? false;
  const definition = { name: input.name, key, decorator, rank, isAsyncOnly, isUsers: true, parse, bind };
  registerUserPolicy(definition, SITE);
  const factory = (...given: [options?: Given]): MethodDecorator<any, any, any[], any> => {
    // A line without parentheses: the compiler's own arguments.
    if (given.length > 1) throw configurationError({ decorator }, `write ${decorator}() with parentheses`);
    return policyDecorator(definition, given[0], factory) as MethodDecorator<any, any, any[], any>;
  };
  return factory;
};
