import { ask } from '../../errors/ask.js';
import { type Classifier, VERDICTS, classifyInternal } from '../../errors/classify.js';
import { matchesAny } from '../../errors/error-matcher.js';
import type { Outcome } from './machine.js';
import type { CircuitBreakerOptions } from './options.js';

export interface JudgeParts {
  readonly options: CircuitBreakerOptions;
  readonly classifiers: () => readonly Classifier[];
  /** Told of a predicate of the user's that threw. */
  readonly report: (source: string, thrown: unknown) => void;
}

type Judge = (error: unknown) => Outcome;

/**
 * What an error means to a breaker: what the user ignores counts as nothing; what he names counts as failure and nothing
 * else does; without a word of his the table of errors decides. Aborts, refusals and configuration errors never count.
 */
export const breakerJudge = ({ options, classifiers, report }: JudgeParts): Judge => {
  const { ignoreOn, ignoreIf, failureOn, failureIf } = options;
  const told = (source: string) => (thrown: unknown) => report(source, thrown);
  return (error) => {
    const errorClass = classifyInternal(error, classifiers(), told('classifier'));
    const byTable = VERDICTS[errorClass].breaker;
    if (errorClass === 'abort' || errorClass === 'rejection' || errorClass === 'configuration') return 'neutral';
    if (ignoreOn !== undefined && matchesAny(ignoreOn, error, told('ignoreOn'))) return 'neutral';
    if (ignoreIf !== undefined && ask(() => ignoreIf(error), false, told('ignoreIf'))) return 'neutral';
    if (failureOn === undefined && failureIf === undefined) return byTable;
    if (failureOn !== undefined && matchesAny(failureOn, error, told('failureOn'))) return 'failure';
    // A predicate that throws says nothing about the backend; to be on the safe side it counts as a failure.
    if (failureIf !== undefined && ask(() => failureIf(error), true, told('failureIf'))) return 'failure';
    return byTable === 'neutral' ? 'neutral' : 'success';
  };
};
