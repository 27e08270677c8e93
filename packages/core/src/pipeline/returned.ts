/** An error that a frame hands out as its result, instead of throwing it. */
export class Returned {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}
