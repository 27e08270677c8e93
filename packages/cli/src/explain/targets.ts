import type { ExplainedMethod, Explanation } from '@holdfast/core';

type Explain = (target: object) => Explanation;

const canBeExplained = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return typeof value === 'object' && (prototype === Object.prototype || prototype === null);
};

/** A getter of the user's may throw. */
const valuesOf = (holder: object): unknown[] =>
  Object.keys(holder).flatMap((key) => {
    try {
      return [(holder as Record<string, unknown>)[key]];
    } catch {
      return [];
    }
  });

/** Classes, instances and functions that are exported, also as properties of an exported object. */
export const targetsIn = (exported: object): object[] => {
  const direct = valuesOf(exported).filter(canBeExplained);
  return [
    ...new Set(direct.flatMap((each) => (isPlain(each) ? [each, ...valuesOf(each).filter(canBeExplained)] : [each]))),
  ];
};

export interface Explained {
  readonly methods: readonly ExplainedMethod[];
  readonly notCovered: readonly { readonly method: string; readonly reason: string }[];
}

/** An exported class and its exported instance have the same methods: each stack is told once. */
const distinct = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
];

const attempt = (explain: Explain, target: object): Explanation[] => {
  try {
    return [explain(target)];
  } catch (error) {
    // A proxy or an exotic object has nothing to explain; wrong options of a decorator are the user's to know.
    if (error instanceof Error && error.name === 'ConfigurationError') throw error;
    return [];
  }
};

/** The methods with policies of all that is exported. @throws ConfigurationError of a decorator with wrong options. */
export const explainAll = (targets: readonly object[], explain: Explain): Explained => {
  const all = targets.flatMap((target) => attempt(explain, target));
  return {
    methods: distinct(
      all.flatMap(({ methods }) => methods),
      ({ method, stack }) => `${method} ${JSON.stringify(stack)}`,
    ),
    notCovered: distinct(
      all.flatMap(({ coverage }) => coverage?.notCovered ?? []),
      ({ method }) => method,
    ),
  };
};
