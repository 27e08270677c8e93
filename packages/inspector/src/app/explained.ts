import type { ExplainedMethod, ExplainedPolicy } from '@holdfast/core';
import type { Explained, InspectedMethod } from '../protocol.js';
import { Refusal } from '../server/refusal.js';
import type { Subject } from './subject.js';

const BUILT_IN: ReadonlySet<string> = new Set([
  'cached',
  'retry',
  'circuit-breaker',
  'timeout',
  'hedge',
  'rate-limit',
  'bulkhead',
  'adaptive-concurrency',
  'adaptive-throttle',
  'chaos',
  'fallback',
  'invalidates',
]);

const MOST_LEVELS = 4;
const MOST_MEMBERS = 50;

/** What JSON can hold of an option: no code, and nothing that the program made. */
const shown = (value: unknown, isText: boolean, level = 0): unknown => {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return isText ? value : 'a string';
  if (typeof value !== 'object') return typeof value === 'undefined' ? undefined : `a ${typeof value}`;
  if (Array.isArray(value) && level < MOST_LEVELS)
    return value.slice(0, MOST_MEMBERS).map((member) => shown(member, isText, level + 1) ?? null);
  return isPlain(value) && level < MOST_LEVELS ? shownMembers(value, isText, level) : 'an object';
};

const shownMembers = (value: object, isText: boolean, level: number): unknown =>
  Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_MEMBERS)
      .map(([name, member]) => [name, shown(member, isText, level + 1)]),
  );

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Texts among the options of a policy of the user's may be anything, a key of an interface as well. */
const shownPolicy = ({ policy, options, state }: ExplainedPolicy): ExplainedPolicy => {
  const isText = BUILT_IN.has(policy);
  return {
    policy,
    options: shown(options, isText) as Readonly<Record<string, unknown>>,
    ...(state !== undefined && { state: shown(state, isText) }),
  };
};

const inspected = ({ worstCaseMs, stack, ...facts }: ExplainedMethod): InspectedMethod => ({
  ...facts,
  stack: stack.map(shownPolicy),
  worstCaseMs: Number.isFinite(worstCaseMs) ? worstCaseMs : null,
});

/** All methods, or the one of that name. @throws Refusal 404 with the names there are. */
export const explained = (subject: Subject, name: string | undefined): Explained => {
  const all = subject.explain().methods;
  const methods = name === undefined ? all : all.filter(({ method }) => method === name);
  if (name !== undefined && methods.length === 0)
    throw new Refusal(404, 'UNKNOWN_METHOD', {
      message: 'no method that has been called has that name',
      remedy: 'take one of the known names',
      known: all.map(({ method }) => method),
    });
  return { methods: methods.map(inspected), warnings: methods.flatMap(({ warnings }) => warnings) };
};
