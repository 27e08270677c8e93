import type { Runtime } from '../runtime/runtime.js';
import type { Work } from '../runtime/work.js';
import { allBindings } from './bind.js';

/** What a runtime has under way: by method, and what runs without one. */
export const allWork = (runtime: Runtime): readonly { readonly label: string; readonly work: Work }[] => [
  ...allBindings(runtime),
  ...runtime.directWork,
];
