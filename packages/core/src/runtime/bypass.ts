/**
 * The policies that calls of one async context pass by: keys as in `@Resilient({ … })`, or all. Two that mean the same have
 * the same `id`.
 */
export class BypassedPolicies {
  readonly id: string;
  /** Undefined: all of them. */
  private readonly keys: ReadonlySet<string> | undefined;

  constructor(keys: readonly string[] | 'all') {
    this.keys = keys === 'all' ? undefined : new Set(keys);
    this.id = keys === 'all' ? '*' : [...new Set(keys)].sort().join();
  }

  has(key: string): boolean {
    return this.keys === undefined || this.keys.has(key);
  }

  /** What either passes by. */
  and(other: BypassedPolicies): BypassedPolicies {
    return this.keys === undefined || other.keys === undefined
      ? new BypassedPolicies('all')
      : new BypassedPolicies([...this.keys, ...other.keys]);
  }
}
