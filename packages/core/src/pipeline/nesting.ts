/**
 * Calls inside of calls: a decorated method calls another one. While the outer method runs synchronously this is seen
 * for free; after its first `await` only with async context on (`configure({ context: true })`, `withContext`,
 * `runtime.run`).
 *
 *     outer call ── total, attempt timeout, the caller's signal
 *        │ runs its method; with context on, all that the method starts knows of it
 *        ▼
 *     nested call ── its deadline is the smaller one; it ends when the outer attempt does, with the same reason
 *
 * With context on, a nested call is a child of the outer one: what ends the outer attempt ends it, too, and nothing is
 * begun for an outer call that has ended, or for an attempt that was given up while another one runs. Without, it is on
 * its own. To the nested call's policies such an end is its caller's leaving: neutral in breakers, not retried, not
 * answered by fallbacks.
 */
import type { Runtime } from '../runtime/runtime.js';
import { runAmbient, world } from '../runtime/world.js';
import type { Call } from './call.js';
import { running } from './current-call.js';
import type { Method } from './frame-parts.js';
import type { Interceptor } from './interceptor.js';
import { MethodRun } from './method-run.js';

/** Whether calls that begin now may be inside of others. */
export const mayBeNested = (): boolean => running.call !== undefined || world.ambient.isOn;

/** The run that this code belongs to, where async context tells. */
const presentRun = (): MethodRun<Call> | undefined => world.ambient.current?.methodRun as MethodRun<Call> | undefined;

/** Async context knows it better: a method without policies of its own runs in whatever is around it. */
const outerOf = (): Call | undefined => presentRun()?.call ?? running.call;

/** Milliseconds until the outer call or its present attempt is given up. */
const patienceOf = (outer: Call): number => {
  const now = outer.frame.runtime.clock.now();
  let least = outer.remaining(now);
  for (let each: Call | undefined = outer; each !== undefined; each = each.parent) {
    const { race } = each;
    if (race?.onElapsed !== undefined && race.dueAt > 0) least = Math.min(least, Math.max(0, race.dueAt - now));
  }
  return least;
};

/** Whether the run may be ended from outside; one that is part of another may be a branch that loses. */
const mayEnd = ({ isInterruptible, frame, parent }: Call): boolean =>
  isInterruptible || frame.isRaced || parent !== undefined;

type End = { readonly reason: unknown } | undefined;

const endOfPresent = ({ more }: Call): End => more?.interruption ?? more?.abandoned;

const endOfRun = ({ isPast, abandoned, call }: MethodRun<Call>): End =>
  isPast ? (abandoned ?? call.interruption) : endOfPresent(call);

/** Why nobody waits for this code of the outer call any more; undefined while somebody does. */
export const endOf = (outer: Call): End => {
  const run = presentRun();
  return run?.call === outer ? endOfRun(run) : endOfPresent(outer);
};

/**
 * Whether a call of the runtime is under way that waits for the code which runs now, itself or through calls of other
 * runtimes; seen only with context on. Code that a method has left behind is waited for by nobody.
 */
export const isWaitedFor = (runtime: Runtime): boolean => {
  let run = presentRun();
  while (run !== undefined && !run.hasEnded && endOfRun(run) === undefined) {
    if (run.call.frame.runtime === runtime) return true;
    run = run.outer as MethodRun<Call> | undefined;
  }
  return false;
};

/** The call that this code belongs to. What a method has left behind that ended in its time belongs to none. */
const callAround = (): Call | undefined => {
  const outer = outerOf();
  const run = presentRun();
  if (outer === undefined || run === undefined || !(run.isPast || run.hasEnded)) return outer;
  return endOf(outer) === undefined ? undefined : outer;
};

/**
 * Finds out what the call is inside of, and tells the interceptors that want to know.
 * @returns the outer call, where it bounds this one.
 */
export const placeWithin = (call: Call, interceptors: readonly Interceptor[]): Call | undefined => {
  // It runs as written: what it calls belongs to the call around it.
  if (interceptors.length === 0) return undefined;
  const isFollowed = world.ambient.isOn;
  const outer = callAround();
  // With its details the call runs its method in context, even where nothing is around it.
  if (isFollowed) call.details.outer = outer;
  if (outer === undefined) return undefined;
  // Nobody waits for it either.
  const { background } = outer.more ?? {};
  if (background !== undefined) call.details.background = background;
  for (const { nested } of interceptors) nested?.(call, outer);
  if (!isFollowed || !mayEnd(outer)) return undefined;
  call.details.deadline = call.frame.runtime.clock.now() + patienceOf(outer);
  return outer;
};

/** A function of its own: a closure among the locals of the plain way would make each call of that dearer. */
const applyInContext = (target: Method, call: Call, args: unknown[]): unknown => {
  const outer = presentRun();
  // One that has ended is no outer one: calls that start each other for ever must not hold on to all before them.
  const methodRun = new MethodRun(call, outer?.hasEnded === true ? undefined : outer);
  call.details.methodRun = methodRun;
  return methodRun.follow(() => runAmbient({ methodRun }, () => target.apply(call.self, args)));
};

/** Runs the method; with context on, all that it starts knows whose call it belongs to. */
export const applyTarget = (target: Method, call: Call, args: unknown[]): unknown =>
  world.ambient.isOn ? applyInContext(target, call, args) : target.apply(call.self, args);
