import type { Phase, ScriptWindow } from '@holdfast/testing';

/** One stretch of the afternoon. */
export interface Act {
  readonly name: string;
  /** What the upstream does, as a sentence. */
  readonly says: string;
  /** Milliseconds since the start. */
  readonly from: number;
  readonly to: number;
}

interface Plan {
  readonly name: string;
  readonly says: string;
  /** Parts of the afternoon's length, in sixtieths. */
  readonly parts: number;
  readonly phase: Phase;
}

const BRISK = [10, 30] as const;

const PLAN: readonly Plan[] = [
  { name: 'healthy', says: 'The upstream is healthy.', parts: 12, phase: { latency: BRISK } },
  { name: 'slow', says: 'It becomes slow: 0.6 to 2.5 s an answer.', parts: 10, phase: { latency: [600, 2500] } },
  {
    name: '500s',
    says: 'It answers 7 of 10 requests with 500.',
    parts: 8,
    phase: { latency: BRISK, status: 500, errorRate: 0.7 },
  },
  {
    name: '429',
    says: 'It answers 429, Retry-After: 1.',
    parts: 6,
    phase: { latency: BRISK, status: 429, retryAfter: 1 },
  },
  { name: 'outage', says: 'It is gone: connections are refused.', parts: 12, phase: { refuse: true } },
  { name: 'recovered', says: 'It is back.', parts: 12, phase: { latency: BRISK } },
];

const TOTAL_PARTS = PLAN.reduce((sum, { parts }) => sum + parts, 0);

/** The acts of an afternoon that lasts `length` milliseconds. */
export function actsOf(length: number): Act[] {
  let from = 0;
  return PLAN.map(({ name, says, parts }) => {
    const act = { name, says, from, to: from + (length * parts) / TOTAL_PARTS };
    from = act.to;
    return act;
  });
}

/** The same acts as an upstream plays them. The last one goes on until it is closed. */
export function windowsOf(length: number): ScriptWindow[] {
  return actsOf(length).map(({ name, from, to }, index) => {
    const isLast = index === PLAN.length - 1;
    return { ...(PLAN[index] as Plan).phase, name, from, ...(!isLast && { to }) };
  });
}
