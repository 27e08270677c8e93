/**
 * Two copies of the package may meet in one process, an ES and a CommonJS one. What they compare by identity is made by
 * the copy that comes first. The number changes when copies could no longer work with each other's things.
 *
 * What is shared is sealed: a test framework that takes a test file's globals apart would otherwise make its properties
 * fail, and break the work that is still under way.
 */
export const onePerProcess = <Value>(name: string, make: () => Value): Value => {
  const shared = globalThis as { [key: symbol]: unknown };
  return (shared[Symbol.for(`@holdfast/core/${name}@1`)] ??= Object.seal(make())) as Value;
};
