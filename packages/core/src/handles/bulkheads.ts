import { allBindings } from '../decorate/bind.js';
import type { BulkheadHealth } from '../policies/bulkhead/bulkhead.js';
import type { BulkheadHandle } from '../policies/bulkhead/interceptor.js';
import type { Runtime } from '../runtime/runtime.js';

/** All bulkheads of a runtime by name, each once; a name that several have gets an ordinal, so that none hides another. */
export const bulkheadsOf = (runtime: Runtime): Record<string, BulkheadHealth> => {
  const found = new Set(
    allBindings(runtime).flatMap(({ interceptors }) =>
      interceptors.flatMap(({ policy, handle }) => (policy === 'bulkhead' ? (handle as BulkheadHandle).all() : [])),
    ),
  );
  const bulkheads = new Map<string, BulkheadHealth>();
  for (const { name, health } of found) {
    let label = name;
    for (let ordinal = 2; bulkheads.has(label); ordinal++) label = `${name}#${ordinal}`;
    bulkheads.set(label, health);
  }
  return Object.fromEntries(bulkheads);
};
