import type { Call } from './call.js';

const collect = (call: Call, into: Promise<unknown>[]): void => {
  const { more } = call;
  if (more === undefined) return;
  if (more.abandoned !== undefined) into.push(more.abandoned.promise);
  if (more.leftBehind !== undefined) into.push(...more.leftBehind);
  for (const child of more.children ?? []) collect(child, into);
};

const NOTHING: readonly Promise<unknown>[] = [];

/** What goes on although nobody waits for it any more: the call's own work, and that of the runs inside of it. */
export const workLeft = (call: Call): readonly Promise<unknown>[] => {
  const { more } = call;
  if (more === undefined) return NOTHING;
  if (more.abandoned === undefined && more.children === undefined && more.leftBehind === undefined) return NOTHING;
  const work: Promise<unknown>[] = [];
  collect(call, work);
  return work;
};

/** Whether somebody around the call's inner runs holds something until they have really ended. */
export const isHeld = ({ frame, more }: Call): boolean => frame.holdsUntilEnd || more?.isHeldUntilEnd === true;

/** When a run has ended, and what it has left under way. Never rejects. */
export const reallyEnded = async (run: Call, outcome: Promise<unknown>): Promise<void> => {
  await Promise.allSettled([outcome]);
  await Promise.allSettled(workLeft(run));
};

/** Keeps in mind what an attempt has left under way, before the next one begins. */
export const leaveBehind = (call: Call, work: readonly Promise<unknown>[] = workLeft(call)): void => {
  if (work.length === 0) return;
  const left = (call.details.leftBehind ??= new Set());
  for (const each of work) {
    if (left.has(each)) continue;
    const forget = (): void => void left.delete(each);
    left.add(each);
    each.then(forget, forget);
  }
};
