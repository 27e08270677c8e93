import type { Runtime } from '../runtime/runtime.js';
import type { Work } from '../runtime/work.js';
import type { CallFrame } from './call.js';
import type { Interceptor } from './interceptor.js';

export type Method = (...args: unknown[]) => unknown;

/** What a frame is made of. */
export interface FrameParts {
  readonly method: string;
  readonly runtime: Runtime;
  readonly interceptors: readonly Interceptor[];
  /** The method itself, or undefined where `around` is the target. */
  readonly target: Method | undefined;
  readonly around?: { readonly interceptor: Interceptor; readonly inside: CallFrame } | undefined;
  /** Whether the method is known to return promises. */
  readonly isAsync: () => boolean;
  /** True: errors are handed out, as `Returned`, instead of thrown. For the outermost frame of a stack only. */
  readonly returnsErrors?: boolean;
  /** Where calls under way are counted; for the outermost frame of a stack. */
  readonly work?: Work | undefined;
  /** Told once when the method returned a promise. */
  readonly onAsync?: (() => void) | undefined;
}
