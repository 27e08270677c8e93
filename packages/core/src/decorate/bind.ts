import { running } from '../pipeline/current-call.js';
import { Frame } from '../pipeline/frame.js';
import type { FrameParts } from '../pipeline/frame-parts.js';
import type { Interceptor } from '../pipeline/interceptor.js';
import type { Binding, BoundPiece, GivenOptions, PolicyDefinition } from '../pipeline/policy.js';
import { Stack } from '../pipeline/stack.js';
import type { BypassedPolicies } from '../runtime/bypass.js';
import type { Runtime } from '../runtime/runtime.js';
import { Work } from '../runtime/work.js';
import { world } from '../runtime/world.js';
import { labelOf } from './label.js';
import { type MergedPolicies, mergePolicies } from './merge.js';
import type { MethodRecord } from './method-record.js';
import { fingerprint, sharedState } from './shared-state.js';

/** A method bound for one class under one runtime: its state, which survives `configure`, and its present stack. */
export class MethodBinding {
  readonly record: MethodRecord;
  readonly runtime: Runtime;
  /** `Class.method`, unique within the runtime. */
  readonly label: string;
  readonly work = new Work();
  /** Another stack of the same method that calls have been seen to run inside this one. */
  inner: MethodBinding | undefined = undefined;
  readonly #owner: WeakRef<object> | undefined;
  readonly #states = new Map<string, unknown>();
  #version = -1;
  #layerCount = -1;
  #stack: Stack | undefined;
  /** The policy that each interceptor belongs to, by key. */
  #keys: ReadonlyMap<Interceptor, string> = new Map();
  /** Stacks past some policies, by what they pass by. */
  readonly #past = new Map<string, Stack>();

  constructor(record: MethodRecord, runtime: Runtime, label: string, owner: object | null) {
    this.record = record;
    this.#owner = owner === null ? undefined : new WeakRef(owner);
    this.runtime = runtime;
    this.label = label;
  }

  /** The concrete class, by its prototype; the class itself for statics. */
  get owner(): object | undefined {
    return this.#owner?.deref();
  }

  get stack(): Stack {
    if (this.#stack === undefined || this.#isOutdated) this.#rebuild();
    return this.#stack as Stack;
  }

  /** None where options contradict each other: that is told to callers, and health reports go on. */
  get interceptors(): readonly Interceptor[] {
    try {
      return this.stack.interceptors;
    } catch {
      return [];
    }
  }

  /** The same stack past some policies, which neither see the calls nor count them. */
  past(bypass: BypassedPolicies): Stack {
    const { interceptors } = this.stack;
    let stack = this.#past.get(bypass.id);
    if (stack === undefined) {
      stack = this.#assemble(interceptors.filter((each) => !bypass.has(this.#keys.get(each) as string)));
      this.#past.set(bypass.id, stack);
    }
    return stack;
  }

  /** What the method's policies are told; two that are equal bind to the same. @throws ConfigurationError */
  get fingerprint(): string {
    const { policies, order } = mergePolicies(this.record, this.runtime.settings);
    return fingerprint([...policies, order]);
  }

  /** Binds without any effect on the runtime's state but what new state leaves there. @throws ConfigurationError */
  tryOut(): void {
    this.#bindPolicies(mergePolicies(this.record, this.runtime.settings));
  }

  get #isOutdated(): boolean {
    return this.#version !== this.runtime.version || this.#layerCount !== this.record.layers.length;
  }

  #rebuild(): void {
    const { settings } = this.runtime;
    const interceptors = settings.enabled ? this.#bindPolicies(mergePolicies(this.record, settings)) : [];
    this.#stack = this.#assemble(interceptors);
    this.#past.clear();
    const isFirst = this.#version < 0;
    this.#version = this.runtime.version;
    this.#layerCount = this.record.layers.length;
    if (isFirst) for (const tell of world.onBound) tell(this);
  }

  #bindPolicies({ policies, order }: MergedPolicies): readonly Interceptor[] {
    const definitions = [...policies.keys()].map((key) => world.policies.get(key) as PolicyDefinition);
    const names = new Set(definitions.map(({ name }) => name));
    const keys = new Map<Interceptor, string>();
    const pieces = definitions.flatMap((definition) => {
      const binding = this.#bindingFor(definition, policies, names);
      const own = definition.bind(policies.get(definition.key) as GivenOptions, binding);
      for (const { interceptor } of own) keys.set(interceptor, definition.key);
      return [...own];
    });
    this.#keys = keys;
    return inOrder(pieces, order).map(({ interceptor }) => interceptor);
  }

  #bindingFor(
    definition: PolicyDefinition,
    policies: ReadonlyMap<string, GivenOptions>,
    names: ReadonlySet<string>,
  ): Binding {
    const { record, runtime, label } = this;
    const site = { decorator: definition.decorator, method: label, policy: definition.name };
    return {
      runtime,
      method: label,
      memberName: record.name,
      work: this.work,
      get kind() {
        return record.kind;
      },
      site,
      has: (policy) => names.has(policy),
      optionsOf: (key) => policies.get(key),
      state: <State>(slot: string, create: () => State): State => {
        const key = `${definition.name}:${slot}`;
        if (!this.#states.has(key)) this.#states.set(key, create());
        return this.#states.get(key) as State;
      },
      shared: (kind, name, options, create) => sharedState(runtime, { kind, name, options, site }, create),
      reportFailure: (source, error) => runtime.events.reportFailure(`${definition.decorator} ${source}`, label, error),
    };
  }

  #assemble(interceptors: readonly Interceptor[]): Stack {
    const { record, runtime, label } = this;
    const front = interceptors.find(({ lookup }) => lookup !== undefined);
    const outside = front === undefined ? [] : interceptors.slice(0, interceptors.indexOf(front));
    const closed = runtime.settings.enabled ? (runtime.door?.stack as typeof Stack | undefined) : undefined;
    const Kind = closed ?? Stack;
    return new Kind({
      method: label,
      runtime,
      interceptors,
      frame: framesFor(interceptors, this),
      front: outside.every(({ isSkippedByHits }) => isSkippedByHits === true) ? front : undefined,
      kind: () => record.kind,
    });
  }
}

/** Makes what lies inside one piece of work to whoever stands outside. */
const PASS_ON: Interceptor = { policy: 'pass on', around: (call, inside) => inside.runInside(call) };

/**
 * What the outermost frame is made of. An `around` interceptor ends a frame; what lies inside is a frame of its own.
 * Built from the inside out.
 */
const framesFor = (interceptors: readonly Interceptor[], binding: MethodBinding): FrameParts => {
  const { record, runtime, label, work } = binding;
  const base = { method: label, runtime };
  const target = record.original;
  let group: Interceptor[] = [];
  let around: { interceptor: Interceptor; inside: Frame } | undefined;
  const close = (): FrameParts => ({
    ...base,
    interceptors: group,
    target,
    around,
    isAsync: () => record.kind === 'async',
    onAsync: around === undefined ? () => record.learnAsync() : undefined,
  });
  for (const interceptor of [...interceptors].reverse()) {
    const lingers = around?.interceptor.endsItsWaits === true || group.some(({ mayLinger }) => mayLinger === true);
    if (interceptor.boundsAll === true && lingers) {
      around = { interceptor: PASS_ON, inside: new Frame(close()) };
      group = [];
    }
    if (interceptor.around === undefined) group = [interceptor, ...group];
    else {
      around = { interceptor, inside: new Frame(close()) };
      group = [];
    }
  }
  return { ...close(), work };
};

/** Canonical; the policies that an explicit order names change places among themselves, all others stay. */
const inOrder = (pieces: readonly BoundPiece[], order: readonly string[] = []): readonly BoundPiece[] => {
  const canonical = [...pieces].sort((a, b) => a.rank - b.rank);
  const placeOf = ({ interceptor }: BoundPiece): number => order.indexOf(interceptor.policy);
  const named = canonical.filter((piece) => placeOf(piece) >= 0).sort((a, b) => placeOf(a) - placeOf(b));
  return canonical.map((piece) => (placeOf(piece) < 0 ? piece : (named.shift() as BoundPiece)));
};

const forgetLastBindings = (): void => {
  for (const { record } of allBindings(world.runtime)) record.last = undefined;
};

interface Bindings {
  readonly byRecord: WeakMap<
    MethodRecord,
    { byOwner: WeakMap<object, MethodBinding>; unowned: MethodBinding | undefined }
  >;
  readonly all: Set<WeakRef<MethodBinding>>;
  readonly labels: Map<string, number>;
  /** So many references, and those to collected bindings are removed. */
  sweepAt: number;
}

const FIRST_SWEEP = 256;

const KEY = 'bindings';

const bindingsOf = (runtime: Runtime): Bindings => {
  let bindings = runtime.state.get(KEY) as Bindings | undefined;
  if (bindings === undefined) {
    bindings = { byRecord: new WeakMap(), all: new Set(), labels: new Map(), sweepAt: FIRST_SWEEP };
    runtime.state.set(KEY, bindings);
    world.onForget.add(forgetLastBindings);
  }
  return bindings;
};

/** All live bindings of a runtime, for `health`, `stats` and `clearCaches`. */
export const allBindings = (runtime: Runtime): MethodBinding[] => {
  const { all } = bindingsOf(runtime);
  const live: MethodBinding[] = [];
  for (const reference of all) {
    const binding = reference.deref();
    if (binding === undefined) all.delete(reference);
    else live.push(binding);
  }
  return live;
};

/** Functions made and dropped by the million leave no references behind. */
const remember = (binding: MethodBinding, bindings: Bindings, runtime: Runtime): void => {
  bindings.all.add(new WeakRef(binding));
  if (bindings.all.size >= bindings.sweepAt) bindings.sweepAt = Math.max(FIRST_SWEEP, 2 * allBindings(runtime).length);
};

/**
 * A first call inside a call of the same name on the same class: a foreign decorator stands between two of ours, or an
 * override calls `super`. Noted for `explain`.
 */
const noteNesting = (binding: MethodBinding): void => {
  const outer = running.call?.method;
  if (outer === undefined) return;
  const { record, runtime, owner } = binding;
  const around = allBindings(runtime).find(
    (each) => each.label === outer && each.owner === owner && each.record.key === record.key && each !== binding,
  );
  if (around !== undefined) around.inner = binding;
};

/** Found by identity of record and class; made at the first call. */
export const bindingOf = (record: MethodRecord, runtime: Runtime, self: object | null): MethodBinding => {
  const owner = record.place.ignoresThis === true ? null : self;
  const bindings = bindingsOf(runtime);
  let table = bindings.byRecord.get(record);
  if (table === undefined) {
    table = { byOwner: new WeakMap(), unowned: undefined };
    bindings.byRecord.set(record, table);
  }
  const known = owner === null ? table.unowned : table.byOwner.get(owner);
  if (known !== undefined) return known;
  const binding = new MethodBinding(record, runtime, labelOf(record, owner, bindings.labels), owner);
  if (owner === null) table.unowned = binding;
  else table.byOwner.set(owner, binding);
  remember(binding, bindings, runtime);
  noteNesting(binding);
  return binding;
};

/** Drops everything bound in a runtime: entries, circuits, names. For tests. */
export const dropBindings = (runtime: Runtime): void => {
  runtime.state.clear();
};
