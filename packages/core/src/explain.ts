import { type MethodBinding, bindingOf } from './decorate/bind.js';
import { type ClassCoverage, coverageOf } from './decorate/class-decorator.js';
import { type MethodRecord, ownerOf, recordOf } from './decorate/method-record.js';
import { ConfigurationError } from './errors/configuration-error.js';
import { formatDuration } from './algorithms/duration.js';
import { allBindings } from './decorate/bind.js';
import type { MethodKind } from './pipeline/stack.js';
import type { Runtime } from './runtime/runtime.js';
import { runtimeOf, world } from './runtime/world.js';
import { adviseOn } from './advisor/advisor.js';
import { isToldByPolicy } from './advisor/rules/chaos.js';
import type { ExplainedPolicy, ExplainedStack, InnerStack } from './advisor/facts.js';
import type { Warning } from './advisor/warning.js';
import { runsOf, worstCaseOf } from './advisor/worst-case.js';

export type { ExplainedPolicy };

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

/** How many times one call can run the method, stacks inside of this one included. */
const amplificationOf = (binding: MethodBinding, stack: ExplainedStack): number => {
  const { inner } = binding;
  return runsOf(stack) * (inner === undefined ? 1 : amplificationOf(inner, describedStackOf(inner)));
};

const describedStackOf = (binding: MethodBinding): ExplainedPolicy[] =>
  binding.stack.interceptors.map((interceptor) => {
    const { options = {}, state } = interceptor.describe?.() ?? {};
    return { policy: interceptor.policy, options, ...(state !== undefined && { state }) };
  });

const innerOf = (binding: MethodBinding): InnerStack | undefined => {
  const { inner } = binding;
  return inner && { method: inner.label, stack: describedStackOf(inner), isInherited: isInherited(binding) };
};

const explainBinding = (binding: MethodBinding): ExplainedMethod => {
  const { record, runtime } = binding;
  const stack = describedStackOf(binding);
  const facts = { kind: record.kind, stack, amplification: amplificationOf(binding, stack) };
  const silenced = new Set([...runtime.settings.silenced, ...record.layers.flatMap(({ silence = [] }) => silence)]);
  return {
    method: binding.label,
    ...facts,
    worstCaseMs: worstCaseOf(stack),
    warnings: adviseOn({ ...facts, record, inner: innerOf(binding) }, binding.label, silenced),
  };
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

/** The advisor speaks once per method, when it is bound for the first time. */
const advise = (bound: unknown): void => {
  const { runtime, label, record } = bound as MethodBinding;
  const channel = runtime.events.channel('advisor.warned');
  if (!channel.isWatched || record.layers.length === 0) return;
  for (const { code, message, remedy, docs } of explainBinding(bound as MethodBinding).warnings) {
    if (isToldByPolicy(code)) continue;
    channel.emit(label, { code, message: `${message}; ${remedy}`, docs });
  }
};

/** Whoever loads `explain` gets the advisor, too; a bundle without it is spared both. One copy of the package advises. */
const withAdvisor = <Fn>(fn: Fn): Fn => {
  if (world.onBound.size === 0) world.onBound.add(advise);
  return fn;
};

/**
 * The stacks of a class, an instance or a decorated function in running order, with options as resolved, present state,
 * worst-case duration, amplification and warnings. Printable. Given a class: its instances' methods and its statics.
 * @throws ConfigurationError on anything that is neither.
 */
export const explain: (target: object) => Explanation = /* @__PURE__ */ withAdvisor((target) => {
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
});

/** Whether its options make a stack; where they contradict each other, its callers are told. */
const isWhole = (binding: MethodBinding): boolean => {
  try {
    return binding.stack !== undefined;
  } catch {
    return false;
  }
};

/**
 * As `explain`, for every method of a runtime that has been called: for an admin page, which knows no classes. Methods
 * whose options contradict each other have no stack and are left out.
 * @param runtime default: the default one.
 */
export const explainAll = (runtime: Runtime = world.runtime): Explanation => {
  const methods = allBindings(runtime).filter(isWhole).map(explainBinding);
  return {
    methods,
    warnings: methods.flatMap(({ warnings }) => warnings),
    toString: () => print(methods, undefined),
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
