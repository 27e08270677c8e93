import type { Call } from './call.js';

const collect = (call: Call, into: Promise<unknown>[]): void => {
  const { more } = call;
  if (more === undefined) return;
  if (more.abandoned !== undefined) into.push(more.abandoned.promise);
  for (const child of more.children ?? []) collect(child, into);
};

const NOTHING: readonly Promise<unknown>[] = [];

/** What goes on although nobody waits for it any more: the call's own work, and that of the runs inside of it. */
export const workLeft = (call: Call): readonly Promise<unknown>[] => {
  const { more } = call;
  if (more === undefined || (more.abandoned === undefined && more.children === undefined)) return NOTHING;
  const work: Promise<unknown>[] = [];
  collect(call, work);
  return work;
};
