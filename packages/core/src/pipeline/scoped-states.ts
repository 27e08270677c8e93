import type { Binding } from './policy.js';

/**
 * The states of a policy for one method: one for its class, one shared by name, or one per instance. Instances are held
 * weakly: their state goes with them.
 */
export interface ScopedStates<State extends object> {
  /** The state, where all calls share one. */
  readonly only: State | undefined;
  of(self: unknown): State;
}

export interface StateTerms<State extends object> {
  /** What is shared: `throttle`. */
  readonly kind: string;
  readonly name: string | undefined;
  readonly scope: 'class' | 'instance' | undefined;
  /** What two methods must agree on to share a name. */
  readonly options: unknown;
  readonly create: () => State;
  /** Brings a state of an earlier binding up to these terms. */
  readonly update: (state: State) => void;
}

/** A state and the terms it was last brought up to: a list of all instances would have to be swept. */
interface Held<State extends object> {
  readonly state: State;
  terms: StateTerms<State>;
}

const perInstance = <State extends object>(binding: Binding, terms: StateTerms<State>): ScopedStates<State> => {
  const { kind, create, update } = terms;
  const states = binding.state(`${kind} instances`, () => new WeakMap<object, Held<State>>());
  // Calls without an instance share one.
  const nobody = binding.state(`${kind} of nobody`, () => ({}));
  const find = (self: unknown): State => {
    const owner = typeof self === 'object' && self !== null ? self : nobody;
    let held = states.get(owner);
    if (held === undefined) states.set(owner, (held = { state: create(), terms }));
    if (held.terms !== terms) {
      update(held.state);
      held.terms = terms;
    }
    return held.state;
  };
  return { only: undefined, of: find };
};

/** @throws ConfigurationError when the name is taken with unequal options. */
export const scopedStates = <State extends object>(binding: Binding, terms: StateTerms<State>): ScopedStates<State> => {
  const { kind, name, scope, options, create, update } = terms;
  if (scope === 'instance') return perInstance(binding, terms);
  const only = name === undefined ? binding.state(kind, create) : binding.shared(kind, name, options, create);
  update(only);
  return { only, of: () => only };
};
