import { withoutStack } from '../../errors/without-stack.js';

/** Why the signal of a branch is aborted that nobody needs any more; to everybody who looks at it, an abort. */
export const abortOfLoser = (method: string, capturesStacks: boolean): Error =>
  withoutStack(
    () =>
      Object.assign(new Error(`${method}: another branch of this call has answered`), {
        name: 'AbortError',
        code: 'ABORT_ERR',
      }),
    capturesStacks,
  );
