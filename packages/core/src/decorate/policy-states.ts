import { type KeyFunction, callKey } from '../pipeline/call-key.js';
import type { Binding } from '../pipeline/policy.js';
import { scopedStates } from '../pipeline/scoped-states.js';
import { KeyedStates, type KeyedTerms } from '../stores/keyed-states.js';

/** The states of a policy for one method, wherever they are kept: one, one per key, one per instance, or both. */
export interface PolicyStates<State> {
  /** The state, where all calls share one. */
  readonly only: State | undefined;
  of(self: unknown, args: readonly unknown[]): State;
  all(): readonly State[];
}

export interface PolicyStateTerms<State extends object> {
  /** What is shared: `bulkhead`. */
  readonly kind: string;
  readonly name: string | undefined;
  readonly scope: 'class' | 'instance' | undefined;
  readonly key: KeyFunction | undefined;
  /** What two methods must agree on to share a name. */
  readonly options: object;
  readonly mostKeys: number;
  readonly keepsBusy: boolean;
  readonly isIdle: (state: State) => boolean;
  readonly create: (name: string) => State;
  /** Brings a state of an earlier binding up to these terms. */
  readonly update: (state: State) => void;
}

/** What was made for one method, as long as somebody else keeps it alive. */
interface Made<Holder extends object> {
  readonly live: Set<WeakRef<Holder>>;
  count: number;
  /** So many references, and those to what was collected are removed. */
  sweepAt: number;
}

const FIRST_SWEEP = 256;

/** Instances are held weakly: what is made for them is listed as long as it lives, each under a name of its own. */
const listed = <Holder extends object>(
  binding: Binding,
  { kind, name }: { readonly kind: string; readonly name: string | undefined },
  make: (label: string) => Holder,
): { create: () => Holder; live: () => Holder[] } => {
  const made = binding.state<Made<Holder>>(`${kind} list`, () => ({
    live: new Set(),
    count: 0,
    sweepAt: FIRST_SWEEP,
  }));
  const label = name ?? binding.method;
  const live = (): Holder[] => {
    for (const reference of made.live) if (reference.deref() === undefined) made.live.delete(reference);
    return [...made.live].flatMap((reference) => reference.deref() ?? []);
  };
  const create = (): Holder => {
    made.count += 1;
    const holder = make(made.count === 1 ? label : `${label}@${made.count}`);
    made.live.add(new WeakRef(holder));
    // Instances made and dropped by the million leave no references behind.
    if (made.live.size >= made.sweepAt) made.sweepAt = Math.max(FIRST_SWEEP, 2 * live().length);
    return holder;
  };
  return { create, live };
};

const perKey = <State extends object>(
  binding: Binding,
  terms: PolicyStateTerms<State>,
  key: KeyFunction,
): PolicyStates<State> => {
  const { mostKeys: most, keepsBusy, isIdle } = terms;
  const kind = `${terms.kind} by key`;
  const keyed: KeyedTerms<State> = { most, keepsBusy, isIdle, create: terms.create };
  const { create, live } = listed(binding, { kind, name: terms.name }, (label) => new KeyedStates(label, keyed));
  const update = (states: KeyedStates<State>): void => {
    states.use(keyed);
    for (const state of states.values()) terms.update(state);
  };
  const options = { ...terms.options, key };
  const states = scopedStates<KeyedStates<State>>(binding, { ...terms, kind, options, create, update });
  const of = (self: unknown, args: readonly unknown[]): State => states.of(self).of(callKey(key, self, args, binding));
  const { only } = states;
  return {
    only: undefined,
    of,
    all: () => (only === undefined ? live() : [only]).flatMap((each) => [...each.values()]),
  };
};

/** @throws ConfigurationError when the name is taken with unequal options. */
export const policyStates = <State extends object>(
  binding: Binding,
  terms: PolicyStateTerms<State>,
): PolicyStates<State> => {
  if (terms.key !== undefined) return perKey(binding, terms, terms.key);
  const { create, live } = listed<State>(binding, terms, terms.create);
  const { only, of } = scopedStates<State>(binding, { ...terms, create });
  return { only, of, all: () => (only === undefined ? live() : [only]) };
};
