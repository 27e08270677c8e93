import { RejectedError } from './rejected-error.js';

/** Refused because `shutdown` was called: the process is about to end, and nothing new begins. */
export class ShuttingDownError extends RejectedError {
  declare readonly name: 'ShuttingDownError';

  constructor(method: string) {
    super(`${method}: shutting down; no new calls are made`, { code: 'SHUTTING_DOWN', method }, 'ShuttingDownError');
  }
}
