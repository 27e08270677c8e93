/** What a method has under way, over all its stacks: those of earlier settings included. Kept without a callback of its own. */
export class Work {
  /** Calls that wait for something: the method, a queue, a sleep, a load, an asynchronous fallback. */
  calls = 0;
  /** Loads of a cached method that some caller has begun. */
  loads = 0;
  /** Loads that were begun behind an old value. */
  refreshes = 0;

  /** Results on their way to a store, behind their callers. */
  writes = 0;

  /** For a call whose only wait has ended well, and that nothing else waits to see. */
  readonly landed = (value: unknown): unknown => {
    this.calls -= 1;
    return value;
  };

  /**
   * Calls under way. Where nothing but the cache stands around a method, its loads are counted in their place: callers
   * who share one count once.
   */
  get inFlight(): number {
    return Math.max(this.calls, this.loads);
  }

  get isIdle(): boolean {
    return this.calls === 0 && this.loads === 0 && this.refreshes === 0 && this.writes === 0;
  }
}
