/** When a phase answers `429` or the like: seconds, a moment, a moment so many milliseconds after the answer, or any text. */
export type RetryAfter = number | Date | { readonly httpDateIn: number } | string;

/** How an upstream behaves for a while. What is left out is healthy. */
export interface Phase {
  /** A label for logs and counts. Default: named after the fault. */
  readonly name?: string;
  /** Milliseconds before the answer, or before the fault: fixed, or drawn from `[min, max)`. Default 0. */
  readonly latency?: number | readonly [min: number, max: number];
  /** The share of requests, 0 to 1, that meet the fault. Default 1 when a fault is named; given alone, the fault is status 503. */
  readonly errorRate?: number;
  /** Fault: answer with this status, 200 to 599. */
  readonly status?: number;
  /** Adds a `Retry-After` header to the status, 429 if none is given. */
  readonly retryAfter?: RetryAfter;
  /** Fault: never answer. */
  readonly hang?: boolean;
  /** Fault: destroy the connection once the request was read. */
  readonly reset?: boolean;
  /** Fault: announce the whole body, send half of it, destroy the connection. */
  readonly truncate?: boolean;
  /** Fault: answer 200 with text that is no JSON but claims to be. */
  readonly malformed?: boolean;
  /** The listener is closed: connections are refused, and those that exist are destroyed. Stands alone. */
  readonly refuse?: boolean;
  /** The body of the status, or without a fault the answer itself. */
  readonly body?: unknown;
}

export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter: RetryAfter | undefined;
      readonly body: unknown;
    }
  | { readonly kind: 'hang' | 'reset' | 'truncate' | 'malformed' };

/** A phase that was checked, with every default filled in. */
export interface ParsedPhase {
  readonly name: string;
  readonly latency: readonly [min: number, max: number];
  readonly fault: Fault | undefined;
  readonly errorRate: number;
  readonly refuses: boolean;
  readonly body: unknown;
}

const OPTIONS = [
  'name',
  'latency',
  'errorRate',
  'status',
  'retryAfter',
  'hang',
  'reset',
  'truncate',
  'malformed',
  'refuse',
  'body',
];
const FLAGS = ['hang', 'reset', 'truncate', 'malformed'] as const;

/** @throws RangeError or TypeError when an option is unknown, out of range, or contradicts another. */
export function parsePhase(phase: Phase, defaultName?: string): ParsedPhase {
  for (const option of Object.keys(phase)) {
    if (!OPTIONS.includes(option))
      throw new TypeError(`faultyUpstream: a phase has no option '${option}'; it has ${OPTIONS.join(', ')}`);
  }
  const fault = parseFault(phase);
  const refuses = phase.refuse === true;
  if (refuses && fault !== undefined)
    throw new TypeError(`faultyUpstream: a phase that refuses connections cannot also ${fault.kind}`);
  return {
    name: phase.name ?? (refuses ? 'refuse' : (labelOf(fault) ?? defaultName ?? 'healthy')),
    latency: parseLatency(phase.latency ?? 0),
    fault,
    errorRate: parseRate(phase.errorRate ?? (fault === undefined ? 0 : 1)),
    refuses,
    body: phase.body,
  };
}

function parseFault(phase: Phase): Fault | undefined {
  const kinds = FLAGS.filter((flag) => phase[flag] === true);
  const namesStatus = phase.status !== undefined || phase.retryAfter !== undefined;
  if (kinds.length + Number(namesStatus) > 1) {
    throw new TypeError(
      `faultyUpstream: a phase has one fault, got ${[...kinds, ...(namesStatus ? ['status'] : [])].join(' and ')}`,
    );
  }
  const [kind] = kinds;
  if (kind !== undefined) return { kind };
  if (!namesStatus && phase.errorRate === undefined) return undefined;
  const status = phase.status ?? (phase.retryAfter === undefined ? 503 : 429);
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new RangeError(`faultyUpstream: status must be 200 to 599, got ${String(status)}`);
  }
  return { kind: 'status', status, retryAfter: phase.retryAfter, body: phase.body };
}

const labelOf = (fault: Fault | undefined): string | undefined =>
  fault?.kind === 'status' ? `status ${fault.status}` : fault?.kind;

function parseLatency(latency: number | readonly [number, number]): readonly [number, number] {
  const [min, max] = typeof latency === 'number' ? [latency, latency] : latency;
  if (!(min >= 0 && max >= min && max < 2 ** 31)) {
    throw new RangeError(`faultyUpstream: latency must be milliseconds or [min, max], got ${JSON.stringify(latency)}`);
  }
  return [min, max];
}

function parseRate(rate: number): number {
  if (rate >= 0 && rate <= 1) return rate;
  throw new RangeError(`faultyUpstream: errorRate must be 0 to 1, got ${String(rate)}`);
}
