/**
 * The executor: a frame runs a list of interceptors around a target in one go.
 *
 * On the way in, `enter` hooks run outermost first; then the target; its promise gets one `then`; on the way out, `leave`
 * or `error` hooks run innermost first. Nothing is allocated per interceptor, and no promise per layer: a chain of
 * closures or nested async functions would cost a promise, a tick and some forty nanoseconds for each.
 *
 *            enter 0 → enter 1 → … → target ─ then ─▶ leave n … → leave 1 → leave 0 → value
 *               │ refuses                     └────▶ error n … → error 1 → error 0 → error
 *               ▼                                       │ Again: back to `enter` inside that interceptor
 *            error hooks outside of it                  │ Answer: on with `leave` outside of it
 *
 * An interceptor with `around` ends a frame: it becomes the target, and what lies inside is a frame of its own.
 *
 * Invariants: every entered interceptor sees exactly one outcome per entry; a refusal is seen only by those outside the
 * one that refused; `call.depth` is the number of entered interceptors; who left while he waited is not served.
 */

import type { Runtime } from '../runtime/runtime.js';
import { Work } from '../runtime/work.js';
import { attemptInLoop } from './attempt-loop.js';
import { type Call, type CallFrame, partOf } from './call.js';
import { running } from './current-call.js';
import { Again, Answer, type Interceptor, Later, type Verdict } from './interceptor.js';
import { raise, reject } from './fail.js';
import type { FrameParts, Method } from './frame-parts.js';
import { raceAlone } from './interruption.js';
import { applyTarget } from './nesting.js';
import { Race } from './race.js';
import { Returned } from './returned.js';
import { isThenable } from './thenable.js';
import { argsWithSignal } from './caller-signal.js';

const lingers = ({ mayLinger }: Interceptor): boolean => mayLinger === true;

function onValue(this: Call, value: unknown): unknown {
  const frame = this.frame as Frame;
  frame.work.calls -= 1;
  return frame.ascendWithValue(this, value);
}

function onError(this: Call, error: unknown): unknown {
  const frame = this.frame as Frame;
  frame.work.calls -= 1;
  return frame.ascendWithError(this, error);
}

/** Frames inside of others count for nobody: their runs are part of a call that is counted. */
const NOBODYS = new Work();

/** No answer is this one: `undefined` may be a fallback's. */
const ENTERED = Symbol('entered');

export class Frame implements CallFrame {
  readonly method: string;
  readonly runtime: Runtime;
  readonly interceptors: readonly Interceptor[];
  /** Undefined where `around` is the target. */
  private readonly target: Method | undefined;
  private readonly around: FrameParts['around'];
  private onAsync: (() => void) | undefined;
  private readonly isAsync: () => boolean;
  readonly size: number;
  readonly mayLinger: boolean;
  readonly attempts: number;
  readonly holdsUntilEnd: boolean;
  private readonly entering: readonly Interceptor[];
  private readonly enteringAt: readonly number[];
  private readonly leaving: readonly Interceptor[];
  private readonly leavingAt: readonly number[];
  private readonly judging: readonly Interceptor[];
  private readonly hasLeaveHooks: boolean;
  private readonly hasErrorHooks: boolean;
  /** True when runs of this frame may be given up before they end. */
  readonly isRaced: boolean;
  private readonly waitsAlone: boolean;
  readonly returnsErrors: boolean;
  /** A call is counted while it waits: at each wait one up, and one down where it goes on. */
  readonly work: Work;
  private readonly counts: boolean;

  constructor(parts: FrameParts) {
    const { interceptors } = parts;
    this.method = parts.method;
    this.runtime = parts.runtime;
    this.interceptors = interceptors;
    this.target = parts.around === undefined ? parts.target : undefined;
    this.around = parts.around;
    this.onAsync = parts.onAsync;
    this.returnsErrors = parts.returnsErrors === true;
    this.isAsync = parts.isAsync;
    this.size = interceptors.length;
    this.attempts = interceptors.reduce((product, { attempts = 1 }) => product * attempts, 1);
    this.holdsUntilEnd = interceptors.some(({ holdsUntilEnd }) => holdsUntilEnd === true);
    this.mayLinger = interceptors.some(lingers) || parts.around?.inside.mayLinger === true;
    this.entering = interceptors.filter(({ enter }) => enter !== undefined);
    this.enteringAt = this.entering.map((each) => interceptors.indexOf(each));
    this.leaving = interceptors.filter(({ leave }) => leave !== undefined).reverse();
    this.leavingAt = this.leaving.map((each) => interceptors.indexOf(each));
    this.judging = interceptors.filter(({ accepts }) => accepts !== undefined);
    this.hasLeaveHooks = this.leaving.length > 0 || this.judging.length > 0;
    this.hasErrorHooks = interceptors.some(({ error }) => error !== undefined);
    // An `around` that waits for others on its own ends its own waits.
    this.waitsAlone = parts.around?.interceptor.endsItsWaits === true;
    this.work = parts.work ?? NOBODYS;
    const isSeen = parts.around === undefined ? this.size > 0 : parts.around.interceptor.countsItsWork !== true;
    this.counts = this.hasLeaveHooks || this.hasErrorHooks || (parts.work !== undefined && isSeen);
    this.isRaced = interceptors.some(({ races }) => races === true) && !this.waitsAlone;
  }

  /** Runs the call. Returns the method's value or a promise; throws what the method or a refusal threw synchronously. */
  run(call: Call): unknown {
    return this.descend(call, 0);
  }

  /** The run of an inner frame, as part of `parent`; throws at once when nobody waits for that any more. */
  runInside(parent: Call): unknown {
    return this.run(partOf(this, parent));
  }

  positionOf(interceptor: object): number {
    return this.interceptors.indexOf(interceptor as Interceptor);
  }

  notBefore(call: Call, position: number): number {
    let latest = -Infinity;
    for (let index = position + 1; index < this.interceptors.length; index++) {
      latest = Math.max(latest, this.interceptors[index]?.notBefore?.(call) ?? -Infinity);
    }
    return this.around === undefined ? latest : Math.max(latest, this.around.inside.notBefore(call, -1));
  }

  private callTarget(call: Call): unknown {
    const around = this.around;
    if (around !== undefined) return around.interceptor.around?.(call, around.inside);
    const args = call.more?.callerSignal === undefined ? call.args : argsWithSignal(call.args, call.signal);
    const outer = running.call;
    running.call = call;
    const value = applyTarget(this.target as Method, call, args as unknown[]);
    running.call = outer;
    return value;
  }

  /** Enters the interceptors from `position` on, then the target. */
  descend(call: Call, position: number): unknown {
    const outer = running.call;
    let value: unknown;
    try {
      if (this.entering.length > 0) {
        const answer = this.enter(call, position);
        if (answer !== ENTERED) return answer;
      }
      call.depth = this.size;
      if (this.target === undefined || call.more !== undefined) value = this.callTarget(call);
      else {
        running.call = call;
        value = this.target.apply(call.self, call.args as unknown[]);
        running.call = outer;
      }
    } catch (error) {
      running.call = outer;
      return this.ascendWithError(call, error, call.depth);
    }
    if (value instanceof Promise) return this.whenSettled(call, value);
    return isThenable(value) ? this.whenSettled(call, Promise.resolve(value)) : this.ascendWithValue(call, value);
  }

  /** `ENTERED`; else what becomes of the call where an interceptor waits or refuses. */
  private enter(call: Call, position: number): unknown {
    const { entering, enteringAt } = this;
    for (let index = 0; index < entering.length; index++) {
      const here = enteringAt[index] as number;
      if (here < position) continue;
      call.depth = here;
      const wait = (entering[index] as Interceptor).enter?.(call);
      if (wait === undefined) continue;
      if (wait instanceof Promise) return this.resumeAfter(wait, call, here + 1);
      // Throwing costs a microsecond or two each time, and an outage brings refusals in masses.
      if (this.returnsErrors || this.isAsync()) return this.ascendWithError(call, wait.error, here, reject);
      throw wait.error;
    }
    return ENTERED;
  }

  private resumeAfter(wait: Promise<void>, call: Call, position: number): Promise<unknown> {
    this.work.calls += 1;
    return raceAlone(call, wait).then(
      () => {
        this.work.calls -= 1;
        if (call.interruption === undefined) return this.descend(call, position);
        return this.ascendWithError(call, call.interruption.reason, position);
      },
      (error: unknown) => {
        this.work.calls -= 1;
        return this.ascendWithError(call, error, position - 1);
      },
    );
  }

  private whenSettled(call: Call, work: Promise<unknown>): Promise<unknown> {
    if (this.onAsync !== undefined) this.learnAsync();
    const outcome = this.isRaced || (call.isInterruptible && !this.waitsAlone) ? this.race(call, work) : work;
    if (!this.hasLeaveHooks) return this.counts ? this.count(call, outcome) : outcome;
    this.work.calls += 1;
    // Bound to the call: a third smaller than closures over it.
    return outcome.then(onValue.bind(call), onError.bind(call));
  }

  /** A method of its own, so that V8 takes what comes before into its callers. */
  private count(call: Call, outcome: Promise<unknown>): Promise<unknown> {
    this.work.calls += 1;
    return outcome.then(this.work.landed, onError.bind(call));
  }

  private learnAsync(): void {
    this.onAsync?.();
    this.onAsync = undefined;
  }

  private race(call: Call, work: Promise<unknown>): Promise<unknown> {
    const race = (call.race ??= new Race(call, undefined));
    const outcome = race.enter(work);
    if (call.interruption !== undefined) race.giveUp(call.interruption.reason);
    return outcome;
  }

  /** The method has returned. */
  ascendWithValue(call: Call, value: unknown): unknown {
    if (this.judging.length > 0) this.judge(call, value);
    return this.leave(call, value, this.size);
  }

  private judge(call: Call, value: unknown): void {
    for (const judge of this.judging) if (!judge.accepts?.(call, value)) call.details.isUnacceptable = true;
  }

  /** Runs the `leave` hooks of the interceptors outside of `position`. */
  private leave(call: Call, value: unknown, position: number): unknown {
    const leaving = this.leaving;
    const at = this.leavingAt;
    let result = value;
    for (let index = 0; index < leaving.length; index++) {
      const here = at[index] as number;
      if (here >= position) continue;
      try {
        result = (leaving[index] as Interceptor).leave?.(call, result);
      } catch (error) {
        return this.ascendWithError(call, error, here);
      }
      if (result instanceof Again) return this.again(call, result, here);
    }
    return result;
  }

  /** Runs the `error` hooks of the interceptors outside of `depth`; throws the error that is left, or `fails` with it. */
  ascendWithError(call: Call, error: unknown, depth = this.size, fails: (error: unknown) => unknown = raise): unknown {
    let leaving = error;
    for (let index = depth - 1; index >= 0; index--) {
      const interceptor = this.interceptors[index];
      if (interceptor?.error === undefined) continue;
      let verdict: Verdict | Promise<Verdict>;
      try {
        verdict = interceptor.error(call, leaving);
      } catch (replacement) {
        leaving = replacement;
        continue;
      }
      if (verdict === undefined) continue;
      if (verdict instanceof Promise) return this.whenJudged(call, verdict, leaving, index);
      return this.follow(call, verdict, index);
    }
    return this.returnsErrors ? new Returned(leaving) : fails(leaving);
  }

  private whenJudged(call: Call, verdict: Promise<Verdict>, error: unknown, position: number): Promise<unknown> {
    this.work.calls += 1;
    return raceAlone(call, verdict).then(
      (judged) => {
        this.work.calls -= 1;
        if (judged === undefined) return this.ascendWithError(call, error, position);
        return this.follow(call, judged, position);
      },
      (replacement: unknown) => {
        this.work.calls -= 1;
        return this.ascendWithError(call, replacement, position);
      },
    );
  }

  private follow(call: Call, verdict: Answer | Again, position: number): unknown {
    return verdict instanceof Answer ? this.leave(call, verdict.value, position) : this.again(call, verdict, position);
  }

  private again(call: Call, verdict: Again, position: number): unknown {
    if (verdict instanceof Later) return this.whenJudged(call, verdict.verdict, undefined, position);
    verdict.position = position;
    // Inside the loop the verdict is its business: attempts must not nest one promise in another without end.
    return call.more?.isLooping === true ? verdict : attemptInLoop(this, call, verdict);
  }
}
