/** What a method that takes a list of ids answers with, taken apart by id and put together again. */
import { ConfigurationError } from '../../../errors/configuration-error.js';

/** An array in the order of the ids, a Map by id, or a plain object by id. */
export type Shape = 'array' | 'map' | 'record';

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

export const shapeOf = (answer: unknown): Shape | undefined => {
  if (typeof answer !== 'object' || answer === null) return undefined;
  if (Array.isArray(answer)) return 'array';
  if (answer instanceof Map) return 'map';
  return isPlain(answer) ? 'record' : undefined;
};

const wrong = (method: string, problem: string): ConfigurationError =>
  new ConfigurationError(
    `@CachedMany on ${method}: the method answered with ${problem}; it must answer with an array in the order of the ids, one element each, a Map by id, or an object by id`,
    { method, policy: 'cached' },
  );

/** The value of one id: undefined where the answer has none. */
export const valueIn = (answer: unknown, id: unknown, index: number): unknown => {
  if (Array.isArray(answer)) return answer[index];
  if (answer instanceof Map) return answer.get(id);
  const name = String(id);
  return Object.hasOwn(answer as object, name) ? (answer as Record<string, unknown>)[name] : undefined;
};

/** The value of the only id. @throws an Error that stands in its place */
export const oneIn = (answer: unknown, id: unknown): unknown => {
  const value = shapeOf(answer) === undefined ? undefined : valueIn(answer, id, 0);
  if (value instanceof Error) throw value;
  return value;
};

/** @throws ConfigurationError on an answer in which ids cannot be told from each other. */
export const checkedShape = (answer: unknown, count: number, method: string): Shape => {
  const shape = shapeOf(answer);
  if (shape === undefined) throw wrong(method, answer === null ? 'null' : `a value of type ${typeof answer}`);
  if (shape === 'array' && (answer as unknown[]).length !== count)
    throw wrong(method, `${(answer as unknown[]).length} elements for ${count} ids`);
  return shape;
};

/** The answer to a call: in the order of its ids; a Map or object has those that were found. */
export const assemble = (shape: Shape, ids: readonly unknown[], values: readonly unknown[]): unknown => {
  if (shape === 'array') return values;
  const found = ids.map((id, index) => [id, values[index]] as const).filter(([, value]) => value !== undefined);
  return shape === 'map' ? new Map(found) : Object.fromEntries(found as [string, unknown][]);
};
