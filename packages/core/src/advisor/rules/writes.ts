import { has, policyIn } from '../facts.js';
import type { Rule } from '../warning.js';

/** A verb alone or in front of a further word: `add`, `addItem`, not `address`. */
const WRITES = /^#?(create|add|insert|save|place|charge|pay|send|post|submit|transfer|delete|remove|order)(?![a-z])/;

/** Those that are nothing but verbs: a method `order` or `post` may as well read one. */
const SURELY_WRITES = /^#?(create|add|insert|save|pay|send|submit|delete|remove)(?![a-z])/;

export const retriesWrite: Rule = ({ record, stack }) => {
  const retry = policyIn(stack, 'retry');
  if (retry === undefined || retry.options['isIdempotent'] === false || !WRITES.test(record.name)) return undefined;
  return {
    code: 'RETRIES_A_WRITE',
    message: `'${record.name}' sounds like a write and is repeated after failures`,
    remedy: 'set idempotent: false, or make the write idempotent and keep it',
  };
};

export const hedgesWrite: Rule = ({ record, stack }) => {
  const hedge = policyIn(stack, 'hedge');
  if (hedge === undefined || hedge.options['isIdempotent'] === false || !WRITES.test(record.name)) return undefined;
  return {
    code: 'HEDGES_A_WRITE',
    message: `'${record.name}' sounds like a write and may run several times at once`,
    remedy: 'set idempotent: false, or make the write idempotent and keep it',
  };
};

export const cachesWrite: Rule = ({ record, stack }) => {
  if (!has(stack, 'cached') || !SURELY_WRITES.test(record.name)) return undefined;
  return {
    code: 'CACHES_A_WRITE',
    message: `'${record.name}' sounds like a write, and its second call is answered without running it`,
    remedy: 'cache reads only; for writes that make a cache stale there is @Invalidates',
  };
};
