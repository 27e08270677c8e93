import { samplesOf } from './samples.js';

/** What the inspector's metrics count, method by method. */
export interface Tally {
  readonly calls: number;
  readonly failures: number;
  readonly retries: number;
  readonly staleAnswers: number;
}

type Field = keyof Tally;

const FIELDS: Readonly<Record<string, Field>> = {
  holdfast_calls_total: 'calls',
  holdfast_retries_total: 'retries',
  holdfast_stale_answers_total: 'staleAnswers',
};

/** Refused, too late, or failed: the caller has no answer. */
const isFailure = (outcome: string | undefined): boolean => outcome !== undefined && outcome !== 'succeeded';

/** By the names of methods; all outcomes and reasons of one together. */
export const talliesOf = (metrics: string): ReadonlyMap<string, Tally> => {
  const tallies = new Map<string, Tally>();
  const add = (method: string, field: Field, value: number): void => {
    const tally = tallies.get(method) ?? { calls: 0, failures: 0, retries: 0, staleAnswers: 0 };
    tallies.set(method, { ...tally, [field]: tally[field] + value });
  };
  for (const { name, labels, value } of samplesOf(metrics)) {
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    const { method, outcome } = labels;
    if (field === undefined || method === undefined || !Number.isFinite(value)) continue;
    add(method, field, value);
    if (field === 'calls' && isFailure(outcome)) add(method, 'failures', value);
  }
  return tallies;
};
