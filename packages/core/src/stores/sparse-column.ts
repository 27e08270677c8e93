/**
 * A number beside each slot of a table that few entries need: as long as none has one there is no array.
 */
export class SparseColumn {
  private values: Float64Array | undefined = undefined;
  private readonly absent: number;

  constructor(absent: number) {
    this.absent = absent;
  }

  at(slot: number): number {
    return this.values === undefined ? this.absent : (this.values[slot] as number);
  }

  set(slot: number, value: number, capacity: number): void {
    if (this.values === undefined) {
      if (Object.is(value, this.absent)) return;
      this.values = new Float64Array(capacity).fill(this.absent);
    }
    this.values[slot] = value;
  }

  vacate(slot: number): void {
    if (this.values !== undefined) this.values[slot] = this.absent;
  }

  clear(): void {
    this.values = undefined;
  }
}
