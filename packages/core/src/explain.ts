import { type MethodBinding, bindingOf } from './decorate/bind.js';
import { type ClassCoverage, coverageOf } from './decorate/class-decorator.js';
import { type MethodRecord, ownerOf, recordOf } from './decorate/method-record.js';
import { ConfigurationError } from './errors/configuration-error.js';
import { formatDuration } from './algorithms/duration.js';
import { allBindings } from './decorate/bind.js';
import type { MethodKind } from './pipeline/stack.js';
import { runtimeOf, world } from './runtime/world.js';
import { type Warning, adviseOn } from './advice.js';

export interface ExplainedPolicy {
  /** As in the canonical order: 'retry', 'circuit-breaker' … */
  readonly policy: string;
  /** As resolved; durations in milliseconds. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly state?: unknown;
}

export interface ExplainedMethod {
  /** `Class.method`. */
  readonly method: string;
  readonly kind: MethodKind;
  /** In running order, outermost first. */
  readonly stack: readonly ExplainedPolicy[];
  /** The longest a call can take by its timeouts, attempts and delays; Infinity where nothing bounds it. */
  readonly worstCaseMs: number;
  /** How many times one call can run the method. */
  readonly amplification: number;
  readonly warnings: readonly Warning[];
}

export interface Explanation {
  readonly methods: readonly ExplainedMethod[];
  /** What a class-level `@Resilient` covered and what it did not. */
  readonly coverage?: ClassCoverage;
  readonly warnings: readonly Warning[];
  /** For people. */
  toString(): string;
}

const optionOf = (stack: readonly ExplainedPolicy[], policy: string, option: string): number | undefined => {
  const value = stack.find((each) => each.policy === policy)?.options[option];
  return typeof value === 'number' ? value : undefined;
};

/** The longest that an attempt can be made to wait before its timeout begins. */
const waitBefore = (stack: readonly ExplainedPolicy[]): number => {
  const timeoutAt = stack.findIndex(({ policy }) => policy === 'timeout');
  return stack.slice(0, Math.max(0, timeoutAt)).reduce((sum, { policy, options }) => {
    const { shadow, maxQueue, queueTimeout, maxWait } = options as Partial<Record<string, number | boolean>>;
    if (shadow === true) return sum;
    if (policy === 'bulkhead' && maxQueue !== 0) return sum + Number(queueTimeout);
    return policy === 'rate-limit' ? sum + Number(maxWait) : sum;
  }, 0);
};

/** Attempts, each bounded by its timeout and its waiting before, with the longest delays between them; never more than the total. */
const worstCaseOf = (stack: readonly ExplainedPolicy[]): number => {
  const attempts = optionOf(stack, 'retry', 'maxAttempts') ?? 1;
  const attempt = (optionOf(stack, 'timeout', 'attempt') ?? Infinity) + waitBefore(stack);
  const delay =
    attempts === 1
      ? 0
      : Math.max(optionOf(stack, 'retry', 'maxDelay') ?? 0, optionOf(stack, 'retry', 'maxRetryAfter') ?? 0);
  // Endless attempts without a delay between them wait for nothing: infinity times zero is no number.
  const waits = delay === 0 ? 0 : (attempts - 1) * delay;
  const lastBegin = optionOf(stack, 'retry', 'maxElapsed') ?? Infinity;
  const total = optionOf(stack, 'total-timeout', 'total') ?? Infinity;
  return Math.min(attempts * attempt + waits, lastBegin + attempt, total);
};

/** How many times one call can run the method, stacks inside of this one included. */
const amplificationOf = (binding: MethodBinding, stack: readonly ExplainedPolicy[]): number => {
  const { inner } = binding;
  const inside = inner === undefined ? 1 : amplificationOf(inner, describedStackOf(inner));
  return (optionOf(stack, 'retry', 'maxAttempts') ?? 1) * inside;
};

const describedStackOf = (binding: MethodBinding): ExplainedPolicy[] =>
  binding.stack.interceptors.map((interceptor) => {
    const { options = {}, state } = interceptor.describe?.() ?? {};
    return { policy: interceptor.policy, options, ...(state !== undefined && { state }) };
  });

const explainBinding = (binding: MethodBinding): ExplainedMethod => {
  const stack = describedStackOf(binding);
  const facts = {
    method: binding.label,
    kind: binding.record.kind,
    stack,
    worstCaseMs: worstCaseOf(stack),
    amplification: amplificationOf(binding, stack),
  };
  const nested = binding.inner && { inner: binding.inner.label, isInherited: isInherited(binding) };
  return { ...facts, warnings: adviseOn({ ...facts, ...nested }, binding.record) };
};

/** Whether the stack inside is that of an overridden method, reached through `super`. */
const isInherited = ({ owner, record, inner }: MethodBinding): boolean => {
  for (let each = owner; each !== undefined; each = (Object.getPrototypeOf(each) as object | null) ?? undefined) {
    if (recordOf(Object.getOwnPropertyDescriptor(each, record.key)?.value) === inner?.record) return true;
  }
  return false;
};

/** The stack of a method, and those seen to run inside of it. */
const withInner = (binding: MethodBinding): MethodBinding[] =>
  binding.inner === undefined ? [binding] : [binding, ...withInner(binding.inner)];

interface Member {
  readonly key: string | symbol;
  readonly record: MethodRecord;
}

/** An override without policies hides what it overrides. */
const membersOf = (holder: object): Member[] => {
  const members = new Map<string | symbol, MethodRecord | undefined>();
  for (
    let each: object | null = holder;
    each !== null && each !== Object.prototype && each !== Function.prototype;
    each = Object.getPrototypeOf(each) as object | null
  ) {
    for (const key of Reflect.ownKeys(each)) {
      if (!members.has(key)) members.set(key, recordOf(Object.getOwnPropertyDescriptor(each, key)?.value));
    }
  }
  return [...members].flatMap(([key, record]) => (record === undefined ? [] : { key, record }));
};

const show = (value: unknown): string => {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return JSON.stringify(value) ?? '{}';
  return String(value);
};

const line = ({ policy, options, state }: ExplainedPolicy): string => {
  const shown = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${show(value)}`);
  const now = typeof state === 'string' ? `  [${state}]` : '';
  return `    ${policy}${now}  ${shown.join(' ')}`.trimEnd();
};

const print = (methods: readonly ExplainedMethod[], coverage: ClassCoverage | undefined): string => {
  const lines = methods.flatMap(({ method, kind, stack, worstCaseMs, amplification, warnings }) => [
    `${method} (${kind})  worst case ${formatDuration(worstCaseMs)}, up to ${amplification} ${amplification === 1 ? 'run' : 'runs'} per call`,
    ...stack.map(line),
    ...warnings.map(({ code, message, remedy }) => `    ! ${code}: ${message}; ${remedy}`),
  ]);
  const missed =
    coverage?.notCovered.map(({ method, reason }) => `${method}: not covered by the class, ${reason}`) ?? [];
  return [...lines, ...missed].join('\n');
};

/**
 * The stacks of a class, an instance or a decorated function in running order, with options as resolved, present state,
 * worst-case duration, amplification and warnings. Printable. Given a class: its instances' methods and its statics.
 * @throws ConfigurationError on anything that is neither.
 */
export const explain = (target: object): Explanation => {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) {
    throw new ConfigurationError('explain: needs a class, an instance or a decorated function');
  }
  const methods = bindingsOf(target).flatMap(withInner).map(explainBinding);
  const holder: unknown = typeof target === 'function' ? target.prototype : Object.getPrototypeOf(target);
  const coverage = typeof holder === 'object' && holder !== null ? coverageOf(holder) : undefined;
  return {
    methods,
    ...(coverage && { coverage }),
    warnings: methods.flatMap(({ warnings }) => warnings),
    toString: () => print(methods, coverage),
  };
};

const bindingsOf = (target: object): MethodBinding[] => {
  const runtime = runtimeOf(target);
  const own = recordOf(target);
  if (own !== undefined) return [bindingOf(own, runtime, null)];
  const bound = (holder: object, owner: object | null): MethodBinding[] =>
    membersOf(holder).map(({ record }) => bindingOf(record, runtime, owner));
  const hidden = (owner: object | null): MethodBinding[] =>
    allBindings(runtime).filter(
      (binding) => binding.record.place.isPrivate && owner !== null && binding.owner === owner,
    );
  if (typeof target !== 'function') return [...bound(target, ownerOf(target)), ...hidden(ownerOf(target))];
  const prototype = target.prototype as object | undefined;
  const ofInstances = prototype === undefined ? [] : [...bound(prototype, prototype), ...hidden(prototype)];
  return [...ofInstances, ...bound(target, target), ...hidden(target)];
};

/** The advisor speaks once per method, when it is bound for the first time. */
const advise = (bound: unknown): void => {
  const { runtime, label, record } = bound as MethodBinding;
  const channel = runtime.events.channel('advisor.warned');
  if (!channel.isWatched || record.layers.length === 0) return;
  for (const { code, message, remedy } of explainBinding(bound as MethodBinding).warnings) {
    channel.emit(label, { code, message: `${message}; ${remedy}` });
  }
};
// One copy of the package is enough.
if (world.onBound.size === 0) world.onBound.add(advise);
