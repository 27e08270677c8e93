import { discard, keep } from '../../algorithms/single-use.js';
import { isRejection } from '../../errors/rejected-error.js';
import { type Call, type CallFrame, partOf } from '../../pipeline/call.js';
import { abortOfLoser } from './error.js';
import { type BranchEnd, HedgeRace } from './machine.js';
import { type HedgePlan, HedgeWait } from './plan.js';

type Outcome = { readonly value: unknown } | { readonly error: unknown };

interface Branch {
  readonly run: Call;
  /** Reported as launched. */
  readonly isKnown: boolean;
}

const FIRST = 0;

const ignore = (): void => undefined;

/** False for one that was refused on its way in, or still waits there. */
const hasBegun = ({ depth, frame }: Call): boolean => depth === frame.size;

const workOf = (run: Call): Promise<unknown> => {
  try {
    return Promise.resolve(run.frame.run(run));
  } catch (error) {
    return Promise.reject(error);
  }
};

/**
 * The branches of a call in which a hedge was due. All of them are listened to until their end: what a loser still
 * brings is let go of, and what it still throws is nobody's unhandled rejection.
 */
export class Contest {
  private readonly plan: HedgePlan;
  private readonly call: Call;
  private readonly inside: CallFrame;
  private readonly startedAt: number;
  private readonly race: HedgeRace;
  /** Branches under way, by number; 0 is the first. */
  private readonly running: Map<number, Branch>;
  private firstOutcome: Outcome | undefined = undefined;
  /** Results of hedges that would not do. */
  private readonly declined: unknown[] = [];
  private wait: HedgeWait | undefined = undefined;
  private settle: (outcome: Outcome) => void = ignore;

  constructor(
    plan: HedgePlan,
    { call, inside, startedAt, first }: { call: Call; inside: CallFrame; startedAt: number; first: Call },
  ) {
    this.plan = plan;
    this.call = call;
    this.inside = inside;
    this.startedAt = startedAt;
    this.race = new HedgeRace(plan.terms.settings.maxHedges);
    this.running = new Map([[FIRST, { run: first, isKnown: true }]]);
  }

  /** The first branch is under way, or has failed in a way that starts the next. */
  run(first: Promise<unknown>, failure: { readonly error: unknown } | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.settle = (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value));
      if (failure !== undefined) return this.failed(FIRST, failure.error);
      this.listen(FIRST, first);
      this.startNext();
    });
  }

  private listen(branch: number, work: Promise<unknown>): void {
    work.then(
      (value) => this.answered(branch, value),
      (error: unknown) => this.failed(branch, error),
    );
  }

  /** Starts the next branch, if there may be one, and waits for the one after it. */
  private startNext(): void {
    this.wait?.disarm();
    if (!this.race.mayStart || this.call.interruption !== undefined) return;
    const { terms, delay } = this.plan;
    if (terms.account?.withdraw(this.now) === false) {
      this.race.forgo();
      return terms.tellSuppressed(this.race.started, 'budget');
    }
    const number = this.race.start();
    const run = this.speculativeRun();
    const work = workOf(run);
    const isKnown = hasBegun(run);
    if (isKnown) terms.tellLaunched(number, delay);
    this.running.set(number, { run, isKnown });
    this.listen(number, work);
    if (this.race.mayStart) this.waitForNext();
  }

  private speculativeRun(): Call {
    const run = partOf(this.inside, this.call);
    run.details.isSpeculative = true;
    if (this.inside.mayLinger) run.details.isInterruptible = true;
    return run;
  }

  private waitForNext(): void {
    if (this.plan.delay === 0) return this.startNext();
    const wait = new HedgeWait(this.call, this.plan);
    this.wait = wait;
    wait.arm();
    // A failure may have started the next one in the very turn in which the time had come.
    void wait.promise.then(() => (this.wait === wait ? this.startNext() : undefined));
  }

  private answered(number: number, value: unknown): void {
    const { race, plan } = this;
    const { terms } = plan;
    this.leave(number, undefined);
    const step = race.end(race.isDecided ? 'failed' : terms.judgeResult(value));
    if (step === 'late') return discard(value);
    if (number === FIRST && terms.pace.isLearning) terms.pace.answered(this.elapsed);
    if (step === 'answer') return this.conclude(number, { value });
    if (number === FIRST) this.firstOutcome = { value };
    else this.declined.push(value);
    if (step === 'give-up') this.conclude(FIRST, this.firstOutcome as Outcome);
  }

  private failed(number: number, error: unknown): void {
    const { race, plan } = this;
    this.leave(number, error);
    if (race.isDecided) return void race.end('failed');
    if (number === FIRST) {
      this.firstOutcome = { error };
      if (plan.terms.pace.isLearning) plan.terms.pace.cutShort(this.elapsed);
    }
    const step = race.end(this.judge(error));
    if (step === 'answer') this.conclude(number, { error });
    if (step === 'give-up') this.conclude(FIRST, this.firstOutcome as Outcome);
  }

  /** What an error is to the race; it may start the next branch. A call that was interrupted waits for nobody. */
  private judge(error: unknown): BranchEnd {
    if (this.call.interruption !== undefined) return 'final';
    if (!this.plan.terms.startsNext(error)) return this.plan.terms.judgeError(error);
    this.startNext();
    return 'failed';
  }

  /** A hedge that was let in later than it was started is told of now; one that was refused never was one. */
  private leave(number: number, error: unknown): void {
    const branch = this.running.get(number);
    this.running.delete(number);
    if (branch?.isKnown === true) return;
    const { terms, delay } = this.plan;
    if (!isRejection(error)) return terms.tellLaunched(number, delay);
    this.race.forgo();
    this.wait?.disarm();
    terms.account?.refund(this.now);
    terms.tellSuppressed(number, 'rejected');
  }

  private conclude(number: number, outcome: Outcome): void {
    const { plan, running } = this;
    const { terms } = plan;
    this.wait?.disarm();
    if (running.has(FIRST) && terms.pace.isLearning) terms.pace.cutShort(this.elapsed);
    if (number > FIRST && 'value' in outcome) terms.tellWon(number, this.elapsed);
    // Branches may share work and bring the same object: that of the answer belongs to the caller.
    if ('value' in outcome) keep(outcome.value);
    this.settle(outcome);
    for (const value of this.declined) discard(value);
    if (running.size === 0) return;
    const reason = abortOfLoser(this.call.method, this.call.frame.runtime.settings.captureStacks);
    for (const { run } of running.values()) run.interrupt(reason);
  }

  private get elapsed(): number {
    return this.now - this.startedAt;
  }

  private get now(): number {
    return this.call.frame.runtime.clock.now();
  }
}
