import type { IncomingHttpHeaders } from 'node:http';

/** How a request ended. `abandoned`: the client left, or the upstream was closed, before the answer was out. */
export type RequestOutcome = 'pending' | 'answered' | 'hung' | 'reset' | 'truncated' | 'malformed' | 'abandoned';

export interface RequestRecord {
  /** 1 for the first request since the upstream was made or the log cleared. */
  readonly n: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** As sent, query included. */
  readonly url: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The name of the phase in force when the request arrived. */
  readonly phase: string;
  /** Wall time of arrival, milliseconds since the epoch. */
  readonly at: number;
  /** The request's body as text, once it was read. */
  body: string;
  /** The status answered, if any was. */
  status: number | undefined;
  outcome: RequestOutcome;
}

export type Arrival = Pick<RequestRecord, 'method' | 'path' | 'url' | 'headers' | 'phase'>;

/** More distinct paths than this are counted together, so that a long run with ids in its paths stays small. */
const MAX_PATHS = 1_000;
const OTHER_PATHS = '(other)';

/** What an upstream was asked: exact counts, and the most recent requests. */
export class RequestLog {
  readonly #limit: number;
  readonly #recent: RequestRecord[] = [];
  readonly #byPhase = new Map<string, number>();
  readonly #byPath = new Map<string, number>();
  #count = 0;
  #inFlight = 0;
  #maxInFlight = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  /** Requests that arrived and whose connection or answer has not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  /** Counts by the name of the phase at arrival. */
  get byPhase(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byPhase);
  }

  /** Counts by path, the query left out. From the thousandth path on, new ones count as `(other)`. */
  get byPath(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byPath);
  }

  /** The most recent requests, oldest first, at most `logLimit` of them. */
  get recent(): readonly RequestRecord[] {
    return [...this.#recent];
  }

  /** Starts counting afresh. Requests in flight stay in flight. */
  clear(): void {
    this.#count = 0;
    this.#recent.length = 0;
    this.#byPhase.clear();
    this.#byPath.clear();
    this.#maxInFlight = this.#inFlight;
  }

  /** @internal */
  open(arrival: Arrival): RequestRecord {
    this.#count += 1;
    this.#inFlight += 1;
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight);
    const record: RequestRecord = {
      n: this.#count,
      ...arrival,
      at: Date.now(),
      body: '',
      status: undefined,
      outcome: 'pending',
    };
    tally(this.#byPhase, arrival.phase);
    tally(this.#byPath, this.#byPath.has(arrival.path) || this.#byPath.size < MAX_PATHS ? arrival.path : OTHER_PATHS);
    this.#recent.push(record);
    if (this.#recent.length > this.#limit) this.#recent.shift();
    return record;
  }

  /** @internal */
  close(record: RequestRecord): void {
    this.#inFlight -= 1;
    if (record.outcome === 'pending') record.outcome = 'abandoned';
  }
}

const tally = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
