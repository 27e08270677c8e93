import type { MethodRecord } from '../decorate/method-record.js';
import type { MethodKind } from '../pipeline/stack.js';

export interface ExplainedPolicy {
  /** As in the canonical order: 'retry', 'circuit-breaker' … */
  readonly policy: string;
  /** As resolved; durations in milliseconds. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly state?: unknown;
}

/** In running order, outermost first. */
export type ExplainedStack = readonly ExplainedPolicy[];

/** What the advisor looks at: one stack, and what is known of stacks inside of it. */
export interface StackFacts {
  readonly record: MethodRecord;
  readonly kind: MethodKind;
  readonly stack: ExplainedStack;
  /** How many times one call can run the method. */
  readonly amplification: number;
  /** The stack that runs inside of this one, where there is one. */
  readonly inner: InnerStack | undefined;
}

export interface InnerStack {
  readonly method: string;
  readonly stack: ExplainedStack;
  /** Whether it is that of an overridden method, reached through `super`. */
  readonly isInherited: boolean;
}

export const policyIn = (stack: ExplainedStack, name: string): ExplainedPolicy | undefined =>
  stack.find(({ policy }) => policy === name);

export const has = (stack: ExplainedStack, policy: string): boolean => policyIn(stack, policy) !== undefined;

export const numberIn = (stack: ExplainedStack, policy: string, option: string): number | undefined => {
  const value = policyIn(stack, policy)?.options[option];
  return typeof value === 'number' ? value : undefined;
};
