/** What the entry in each slot weighs, and all of them together. */
export class EntryWeights {
  private readonly weights: Float64Array;
  total = 0;

  constructor(capacity: number) {
    this.weights = new Float64Array(capacity);
  }

  of(slot: number): number {
    return this.weights[slot] as number;
  }

  set(slot: number, weight: number): void {
    this.total += weight - this.of(slot);
    this.weights[slot] = weight;
  }
}
