/**
 * Two copies of the package may meet in one process, an ES and a CommonJS one. What they compare by identity is made by
 * the copy that comes first. The number changes when copies could no longer work with each other's things.
 */
export const onePerProcess = <Value>(name: string, make: () => Value): Value => {
  const shared = globalThis as { [key: symbol]: unknown };
  return (shared[Symbol.for(`@holdfast/core/${name}@1`)] ??= make()) as Value;
};
