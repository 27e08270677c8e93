import type { OptionSite } from '../errors/option-check.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Work } from '../runtime/work.js';
import type { Interceptor } from './interceptor.js';
import type { MethodKind } from './stack.js';

/**
 * The canonical order of all stacks, outermost first, whatever the order of the lines above a method. Tens leave room
 * for the policies of users, which say before or after which of these they stand.
 */
export const RANKS = {
  fallback: 100,
  invalidates: 200,
  'total-timeout': 300,
  cached: 400,
  retry: 500,
  'circuit-breaker': 600,
  hedge: 700,
  'adaptive-throttle': 800,
  'rate-limit': 900,
  bulkhead: 1000,
  'adaptive-concurrency': 1100,
  timeout: 1200,
  chaos: 1300,
} as const;

export type BuiltInPolicy = keyof typeof RANKS;

export type GivenOptions = Readonly<Record<string, unknown>>;

/** What a policy learns about the method it is bound to. */
export interface Binding {
  readonly runtime: Runtime;
  /** `Class.method`, unique within the runtime. */
  readonly method: string;
  /** The method alone: for advice about names. */
  readonly memberName: string;
  /** As known by now: a method of unknown kind shows it at its first return. */
  readonly kind: MethodKind;
  readonly site: OptionSite;
  /** Whether the method's stack also has the policy of that name. */
  has(policy: string): boolean;
  /** The merged options of another policy of the method, by option key. */
  optionsOf(key: string): GivenOptions | undefined;
  /** The policy's state for this method and class: made once, kept over re-bindings. */
  state<State>(slot: string, create: () => State): State;
  /** State shared by name within the runtime. @throws ConfigurationError when the name is taken with unequal options. */
  shared<State>(kind: string, name: string, options: unknown, create: () => State): State;
  /** What the method has under way. */
  readonly work: Work;
  /** Reports a callback of the user's that threw. */
  reportFailure(source: string, error: unknown): void;
}

export interface BoundPiece {
  readonly rank: number;
  readonly interceptor: Interceptor;
}

/** A policy as the framework knows it: how its options are read and what it becomes at binding. */
export interface PolicyDefinition {
  /** As in `explain()` and errors: `circuit-breaker`. */
  readonly name: string;
  /** As in `@Resilient({ … })` and `configure({ defaults })`: `circuitBreaker`. */
  readonly key: string;
  /** As in messages: `@CircuitBreaker`. */
  readonly decorator: string;
  readonly rank: number;
  /** A method with this policy returns a promise. */
  readonly isAsyncOnly: boolean;
  /** Made with `definePolicy`. */
  readonly isUsers?: boolean;
  /**
   * Definition time: checks what was given and brings it into one form.
   * @throws ConfigurationError
   */
  parse(given: unknown, site: OptionSite): GivenOptions;
  /**
   * Binding time: merged options become interceptors.
   * @throws ConfigurationError where options contradict each other or the method.
   */
  bind(options: GivenOptions, binding: Binding): readonly BoundPiece[];
}
