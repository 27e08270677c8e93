import { ask } from '../../errors/ask.js';
import { VERDICTS, classifyInternal } from '../../errors/classify.js';
import { matchesAny } from '../../errors/error-matcher.js';
import type { Channel } from '../../events/channel.js';
import type { Binding } from '../../pipeline/policy.js';
import { BudgetAccount } from '../../pipeline/shared-budget.js';
import type { BranchEnd, HedgePace } from './machine.js';
import type { HedgeSettings } from './options.js';

/** How often it happened, for `explain` and `stats`. */
export interface HedgeCounts {
  launched: number;
  won: number;
  suppressed: number;
}

/** What all hedged calls of a method share: its options, its pace, and what is told of them. */
export class HedgeTerms {
  readonly settings: HedgeSettings;
  readonly binding: Binding;
  readonly pace: HedgePace;
  readonly counts: HedgeCounts;
  readonly account: BudgetAccount | undefined;
  private readonly launched: Channel<'hedge.launched'>;
  private readonly won: Channel<'hedge.won'>;
  private readonly suppressed: Channel<'hedge.suppressed'>;

  constructor(settings: HedgeSettings, binding: Binding, state: { pace: HedgePace; counts: HedgeCounts }) {
    this.settings = settings;
    this.binding = binding;
    this.pace = state.pace;
    this.counts = state.counts;
    this.account = settings.budget && new BudgetAccount(settings.budget, binding);
    const { events } = binding.runtime;
    this.launched = events.channel('hedge.launched');
    this.won = events.channel('hedge.won');
    this.suppressed = events.channel('hedge.suppressed');
  }

  /** What a result is to the race. A predicate that throws turns nothing down. */
  judgeResult(value: unknown): BranchEnd {
    const { accept, retryOnResult } = this.settings;
    const report = (thrown: unknown): void => this.binding.reportFailure('accept', thrown);
    if (accept !== undefined) return ask(() => accept(value), true, report) ? 'accepted' : 'failed';
    if (retryOnResult === undefined) return 'accepted';
    return ask(() => retryOnResult(value), false, report) ? 'failed' : 'accepted';
  }

  /** What an error is: final where the table of errors would not try again, since another branch fails the same way. */
  judgeError(error: unknown): BranchEnd {
    const { classifiers } = this.binding.runtime.settings;
    const errorClass = classifyInternal(error, classifiers, (thrown) =>
      this.binding.reportFailure('classifier', thrown),
    );
    return VERDICTS[errorClass].retry || errorClass === 'rejection' ? 'failed' : 'final';
  }

  /** Whether the next branch starts at once. */
  startsNext(error: unknown): boolean {
    const { hedgeOn } = this.settings;
    if (hedgeOn.length === 0) return false;
    return matchesAny(hedgeOn, error, (thrown) => this.binding.reportFailure('hedgeOn', thrown));
  }

  tellLaunched(hedge: number, delay: number): void {
    this.counts.launched += 1;
    if (this.launched.isWatched) this.launched.emit(this.binding.method, { hedge, delay });
  }

  tellWon(hedge: number, durationMs: number): void {
    this.counts.won += 1;
    if (this.won.isWatched) this.won.emit(this.binding.method, { hedge, durationMs });
  }

  tellSuppressed(hedge: number, reason: 'budget' | 'rejected'): void {
    this.counts.suppressed += 1;
    if (this.suppressed.isWatched) this.suppressed.emit(this.binding.method, { hedge, reason });
  }
}
