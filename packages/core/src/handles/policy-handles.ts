import { allBindings } from '../decorate/bind.js';
import type { Runtime } from '../runtime/runtime.js';

/** What a policy offers about each method of a runtime that has it, with the method's label. */
export const labelledHandlesOf = <Handle>(runtime: Runtime, policy: string): [label: string, handle: Handle][] =>
  allBindings(runtime).flatMap(({ label, interceptors }) =>
    interceptors.flatMap((each): [string, Handle][] =>
      each.policy === policy ? [[label, each.handle as Handle]] : [],
    ),
  );

export const handlesOf = <Handle>(runtime: Runtime, policy: string): Handle[] =>
  labelledHandlesOf<Handle>(runtime, policy).map(([, handle]) => handle);
