import type { StackFacts } from './facts.js';
import { chaosInProduction } from './rules/chaos.js';
import { breakerCannotOpen, oneCallOpensCircuit, windowShorterThanTimeout } from './rules/circuit.js';
import { fallbackHidesFailures, nestedRetries, nestedStacks } from './rules/structure.js';
import {
  attemptOutlivesTotal,
  breakerWithoutTimeout,
  bulkheadWithoutTimeout,
  hedgeNeverStarts,
  retriesOutliveTotal,
  waitOutlivesTotal,
} from './rules/time.js';
import { looksLikeSeconds } from './rules/units.js';
import { cachesWrite, hedgesWrite, retriesWrite } from './rules/writes.js';
import { type Rule, type Warning, warningOf } from './warning.js';

const RULES: readonly Rule[] = [
  looksLikeSeconds,
  attemptOutlivesTotal,
  retriesOutliveTotal,
  hedgeNeverStarts,
  waitOutlivesTotal,
  windowShorterThanTimeout,
  breakerCannotOpen,
  oneCallOpensCircuit,
  retriesWrite,
  hedgesWrite,
  cachesWrite,
  breakerWithoutTimeout,
  bulkheadWithoutTimeout,
  fallbackHidesFailures,
  nestedRetries,
  nestedStacks,
  chaosInProduction,
];

/** What looks like a mistake in the stack of `method`, but for the silenced codes. */
export const adviseOn = (facts: StackFacts, method: string, silenced: ReadonlySet<string>): readonly Warning[] =>
  RULES.flatMap((rule) => {
    const finding = rule(facts);
    return finding === undefined || silenced.has(finding.code) ? [] : [warningOf(finding, method)];
  });
