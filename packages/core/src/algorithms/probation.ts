/**
 * A probation finds out, with few trial calls, whether something works again: passed after `successThreshold` successes,
 * failed when they are out of reach with the `halfOpenMaxCalls` trials that may be made.
 *
 * It is decided as soon as the outcome is fixed, not when all trials have returned. With s successes below the threshold
 * t and at most m - t failures there are fewer than m outcomes, so while it is undecided a trial is in flight or there is
 * room for one: it cannot be stuck. A trial without a verdict gives its place back. One that lasts `halfOpenMaxWait` has
 * failed at that moment, however late `expire` is asked; its own result is no longer wanted.
 *
 * A trial is known by its permit, a number that the owner never uses twice. Trials are kept in the order of admission,
 * so the first to expire comes first, and each is taken back once.
 */

export interface ProbationTerms {
  readonly successThreshold: number;
  readonly halfOpenMaxCalls: number;
  readonly halfOpenMaxWait: number;
}

export interface ProbationSnapshot {
  readonly succeeded: number;
  readonly failed: number;
  /** Ages of the trials in flight, oldest first. */
  readonly inFlight: readonly number[];
}

export class Probation {
  succeeded = 0;
  failed = 0;
  private readonly admitted = new Map<number, number>();

  get inFlight(): number {
    return this.admitted.size;
  }

  hasRoom(terms: ProbationTerms): boolean {
    return this.succeeded + this.failed + this.admitted.size < terms.halfOpenMaxCalls;
  }

  admit(permit: number, now: number): number {
    this.admitted.set(permit, now);
    return permit;
  }

  /** Ends a trial. False when it has ended before or was never one. */
  takeBack(permit: number): boolean {
    return this.admitted.delete(permit);
  }

  /** When the oldest trial in flight will have lasted too long; Infinity without one. */
  nextExpiry(terms: ProbationTerms): number {
    for (const admittedAt of this.admitted.values()) return admittedAt + terms.halfOpenMaxWait;
    return Infinity;
  }

  /** Fails the oldest trial if it has lasted too long. Answers when that was, or undefined. */
  expire(terms: ProbationTerms, now: number): number | undefined {
    if (this.admitted.size === 0) return undefined;
    const expiry = this.nextExpiry(terms);
    if (!(now >= expiry)) return undefined;
    const [oldest] = this.admitted.keys();
    this.admitted.delete(oldest!);
    this.failed += 1;
    return expiry;
  }

  verdict(terms: ProbationTerms): 'passed' | 'failed' | undefined {
    if (this.succeeded >= terms.successThreshold) return 'passed';
    return this.failed > terms.halfOpenMaxCalls - terms.successThreshold ? 'failed' : undefined;
  }

  clear(): void {
    this.succeeded = this.failed = 0;
    this.admitted.clear();
  }

  toJSON(now: number): ProbationSnapshot {
    const inFlight = [...this.admitted.values()].map((admittedAt) => now - admittedAt);
    return { succeeded: this.succeeded, failed: this.failed, inFlight };
  }

  /** The trials in flight get permits that nobody holds: they keep their places until they expire. */
  restore(snapshot: ProbationSnapshot, now: number, permit: () => number): void {
    this.clear();
    this.succeeded = snapshot.succeeded;
    this.failed = snapshot.failed;
    for (const age of snapshot.inFlight) this.admit(permit(), now - age);
  }
}
