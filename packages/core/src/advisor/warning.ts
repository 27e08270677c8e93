import type { AdviceCode } from './codes.js';
import { EXPLANATIONS } from './explanations.js';
import type { StackFacts } from './facts.js';

/** A stack that is allowed and probably not meant. */
export interface Warning {
  /** For `silence`, in `configure({ advisor })`. */
  readonly code: AdviceCode;
  readonly method: string;
  /** What is wrong, with numbers. */
  readonly message: string;
  readonly remedy: string;
  /** Why it is wrong, whatever the numbers. */
  readonly explanation: string;
  /** The section of the documentation about it. */
  readonly docs: string;
}

/** What a rule has found. */
export interface Finding {
  readonly code: AdviceCode;
  readonly message: string;
  readonly remedy: string;
}

/** Looks at one stack for one kind of mistake. */
export type Rule = (facts: StackFacts) => Finding | undefined;

export const anchorOf = (code: AdviceCode): string => `docs/advisor.md#${code.toLowerCase()}`;

export const warningOf = ({ code, message, remedy }: Finding, method: string): Warning => ({
  code,
  method,
  message,
  remedy,
  explanation: EXPLANATIONS[code],
  docs: anchorOf(code),
});
