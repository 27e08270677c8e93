import { closest } from '../algorithms/edit-distance.js';
import { type OptionSite, configurationError } from '../errors/option-check.js';
import { publishMetadata } from './metadata.js';
import { checkNoGenerator } from './method-decorator.js';
import { type AnyFunction, type Layer, type LayerSource, MethodRecord, recordOf } from './method-record.js';
import { policyChain } from './named-policies.js';
import { wrapMethod } from './wrap.js';

/** What a line of `@Resilient` says. */
export interface LayerParts {
  readonly policies: Layer['policies'];
  readonly named: string | undefined;
  readonly order: readonly string[] | undefined;
  readonly async: boolean | undefined;
  readonly include: readonly (string | symbol)[] | undefined;
  readonly exclude: readonly (string | symbol)[] | undefined;
  readonly silence?: readonly string[] | undefined;
}

export const layerFrom = (
  { policies, named, order, async, silence }: LayerParts,
  source: LayerSource,
  site: OptionSite,
): Layer => ({
  source,
  policies,
  named,
  // From here, so that a bundle in which nothing is named has no part of it.
  chain: named === undefined ? undefined : (known) => policyChain(named, known, { site, option: 'policies' }),
  order,
  async,
  silence,
  site,
});

export const isClassDecoration = (given: readonly unknown[]): boolean => {
  const [value, context] = given;
  if (typeof value !== 'function') return false;
  return given.length === 1 || (given.length === 2 && (context as { kind?: unknown } | undefined)?.kind === 'class');
};

/** What a class decorator did with each own method, for `explain()`. */
export interface ClassCoverage {
  readonly covered: readonly string[];
  readonly notCovered: readonly { readonly method: string; readonly reason: string }[];
}

const coverage = new WeakMap<object, ClassCoverage>();

export const coverageOf = (target: object): ClassCoverage | undefined => coverage.get(target);

const nameOf = (key: string | symbol): string => (typeof key === 'symbol' ? `[${key.description ?? ''}]` : key);

const reasonAgainst = (
  key: string | symbol,
  fn: AnyFunction,
  prototype: object,
  { include, exclude }: LayerParts,
): string | undefined => {
  if (include !== undefined && !include.includes(key)) return 'not in include';
  if (exclude?.includes(key) === true) return 'excluded';
  if (include?.includes(key) === true) return undefined;
  const kind =
    recordOf(fn)?.kind ?? new MethodRecord(fn, key, { isStatic: false, isPrivate: false, home: prototype }).kind;
  return kind === 'async' ? undefined : `not known to be asynchronous; write it in include, or as an async method`;
};

const checkNames = (parts: LayerParts, methods: ReadonlyMap<string | symbol, AnyFunction>, site: OptionSite): void => {
  for (const option of ['include', 'exclude'] as const) {
    for (const key of parts[option] ?? []) {
      if (methods.has(key)) continue;
      const names = [...methods.keys()].filter((each) => typeof each === 'string');
      const near = typeof key === 'string' ? closest(key, names) : undefined;
      const remedy = near === undefined ? '' : `; did you mean '${near}'?`;
      throw configurationError(site, `${option}: there is no own method '${String(key)}'${remedy}`, option);
    }
  }
  const wantsCache = parts.policies['cache'] !== undefined && parts.policies['cache'] !== false;
  if (wantsCache && parts.include === undefined) {
    throw configurationError(
      site,
      "cache on a class needs include: ['find', …]; caching every method would cache writes",
      'cache',
    );
  }
};

const ownMethods = (prototype: object): Map<string | symbol, AnyFunction> => {
  const methods = new Map<string | symbol, AnyFunction>();
  for (const key of Reflect.ownKeys(prototype)) {
    const value: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
    if (key !== 'constructor' && typeof value === 'function') methods.set(key, value as AnyFunction);
  }
  return methods;
};

interface DecoratedClass {
  readonly target: abstract new (...args: never[]) => unknown;
  /** What the standard dialect shares between the decorators of a class, where the compiler supplies it. */
  readonly metadata: Record<PropertyKey, unknown> | undefined;
}

const coverMethod = (
  { target, metadata }: DecoratedClass,
  key: string | symbol,
  fn: AnyFunction,
  layer: Layer,
): void => {
  const prototype = target.prototype as object;
  const known = recordOf(fn);
  const home = known === undefined ? prototype : known.place.home;
  const { record, wrapper } = wrapMethod(checkNoGenerator(fn, layer.site), key, {
    isStatic: false,
    isPrivate: false,
    home,
  });
  record.add(layer);
  publishMetadata(record, metadata);
  const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
  Object.defineProperty(prototype, key, { ...descriptor, value: wrapper });
};

/** Gives the class's own asynchronous methods the policies, as the weakest layer. */
export const decorateClass = (decorated: DecoratedClass, parts: LayerParts, site: OptionSite): void => {
  const { target } = decorated;
  const prototype = target.prototype as object;
  const methods = ownMethods(prototype);
  checkNames(parts, methods, site);
  const covered: string[] = [];
  const notCovered: { method: string; reason: string }[] = [];
  for (const [key, fn] of methods) {
    const reason = reasonAgainst(key, fn, prototype, parts);
    if (reason !== undefined) {
      notCovered.push({ method: nameOf(key), reason });
      continue;
    }
    coverMethod(decorated, key, fn, layerFrom(parts, 'class', { ...site, method: `${target.name}.${nameOf(key)}` }));
    covered.push(nameOf(key));
  }
  coverage.set(prototype, { covered, notCovered });
};
