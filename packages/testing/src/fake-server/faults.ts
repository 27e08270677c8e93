interface Pending<Call, Answer> {
  readonly answerTo: (call: Call) => Answer;
  left: number;
}

/** Answers that come in the place of the engine's, in the order in which they were asked for. */
export class FaultQueue<Call, Answer> {
  readonly #server: string;
  readonly #pending: Pending<Call, Answer>[] = [];

  /** @param server what errors begin with: the name of the function that makes the server. */
  constructor(server: string) {
    this.#server = server;
  }

  /** @throws RangeError when the status is no error, or the count no positive number. */
  add(
    { status, times = 1 }: { readonly status: number; readonly times?: number },
    answerTo: (call: Call) => Answer,
  ): void {
    if (!(Number.isInteger(status) && status >= 300 && status <= 599))
      throw new RangeError(`${this.#server}: a fault has a status from 300 to 599, got ${String(status)}`);
    if (!(times >= 1)) throw new RangeError(`${this.#server}: times must be 1 or more, got ${String(times)}`);
    this.#pending.push({ answerTo, left: times });
  }

  clear(): void {
    this.#pending.length = 0;
  }

  take(call: Call): Answer | undefined {
    const [first] = this.#pending;
    if (first === undefined) return undefined;
    first.left -= 1;
    if (first.left <= 0) this.#pending.shift();
    return first.answerTo(call);
  }
}
