import { type OptionSite, configurationError } from '../errors/option-check.js';
import { publishMetadata } from './metadata.js';
import { ensureReflectMetadata } from './reflect-metadata.js';
import { type AnyFunction, type Layer, type Place } from './method-record.js';
import { wrapMethod } from './wrap.js';

/** Makes the layer once the method is known, so that its errors name it. */
export type LayerFactory = (site: OptionSite) => Layer;

interface StandardContext {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static?: boolean;
  readonly private?: boolean;
  readonly metadata?: Record<PropertyKey, unknown>;
}

const isStandardContext = (value: unknown): value is StandardContext =>
  typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string';

const REMEDY: Record<string, string> = {
  getter: 'move the work into a method',
  setter: 'move the work into a method',
  accessor: 'move the work into a method',
  field: 'write it as a method, or wrap the function with resilient(fn, options)',
  class: 'write it above a method; above a class stands @Resilient',
  parameter: 'write it above the method',
};

const cannotDecorate = (site: OptionSite, what: string): never => {
  const article = /^[aeiou]/.test(what) ? 'an' : 'a';
  throw configurationError(site, `stands on ${article} ${what}; ${REMEDY[what] ?? 'write it above a method'}`);
};

const GENERATORS: ReadonlySet<string> = new Set(['[object GeneratorFunction]', '[object AsyncGeneratorFunction]']);

export const checkNoGenerator = (fn: AnyFunction, site: OptionSite): AnyFunction => {
  if (!GENERATORS.has(Object.prototype.toString.call(fn))) return fn;
  throw configurationError(
    site,
    'stands on a generator, whose result can be consumed only once; return an array or a Promise of one',
  );
};

const checkMethod = (fn: unknown, site: OptionSite): AnyFunction => {
  if (typeof fn !== 'function') return cannotDecorate(site, 'field');
  return checkNoGenerator(fn as AnyFunction, site);
};

const nameOf = (key: string | symbol): string => (typeof key === 'symbol' ? `[${key.description ?? ''}]` : key);

const classOf = (target: object): string | undefined => {
  const named = typeof target === 'function' ? target : (target as { constructor?: unknown }).constructor;
  return typeof named === 'function' && named.name !== '' ? named.name : undefined;
};

const decorateStandard = (value: unknown, context: StandardContext, site: OptionSite, make: LayerFactory): unknown => {
  const at = { ...site, method: nameOf(context.name ?? '') };
  if (context.kind !== 'method') return cannotDecorate(at, context.kind);
  const place: Place = { isStatic: context.static === true, isPrivate: context.private === true, home: undefined };
  const { record, wrapper } = wrapMethod(checkMethod(value, at), context.name, place);
  record.add(make(at));
  publishMetadata(record, context.metadata);
  return wrapper;
};

const legacySite = (site: OptionSite, target: object, key: string | symbol): OptionSite => {
  const className = classOf(target);
  return { ...site, method: className === undefined ? nameOf(key) : `${className}.${nameOf(key)}` };
};

const decorateLegacy = (
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor,
  site: OptionSite,
  make: LayerFactory,
): PropertyDescriptor => {
  const at = legacySite(site, target, key);
  if (descriptor.get !== undefined || descriptor.set !== undefined) return cannotDecorate(at, 'getter');
  const place: Place = { isStatic: typeof target === 'function', isPrivate: false, home: target };
  const { record, wrapper } = wrapMethod(checkMethod(descriptor.value, at), key, place);
  record.add(make(at));
  publishMetadata(record, undefined);
  descriptor.value = wrapper;
  return descriptor;
};

/** One decorator for both dialects: which one it is shows in how it is called. */
export const methodDecorator = (site: OptionSite, make: LayerFactory): ((...given: readonly unknown[]) => unknown) => {
  ensureReflectMetadata();
  return (...given) => {
    const [first, second, third] = given;
    if (isStandardContext(second)) return decorateStandard(first, second, site, make);
    if (typeof first === 'function' && given.length === 1)
      return cannotDecorate({ ...site, method: first.name }, 'class');
    if (typeof second !== 'string' && typeof second !== 'symbol') {
      throw configurationError(site, `was called without a method; write ${site.decorator}(…) above one`);
    }
    const target = first as object;
    if (typeof third === 'number') return cannotDecorate(legacySite(site, target, second), 'parameter');
    const descriptor: unknown = third ?? Object.getOwnPropertyDescriptor(target, second);
    if (typeof descriptor !== 'object' || descriptor === null) {
      return cannotDecorate(legacySite(site, target, second), 'field');
    }
    return decorateLegacy(target, second, descriptor, site, make);
  };
};

/** The user's line that wrote the decorator, where the platform tells; for error messages. */
export const sourceLine = (above: (...args: never[]) => unknown): string | undefined => {
  const capture = (Error as { captureStackTrace?: (holder: object, above: unknown) => void }).captureStackTrace;
  if (capture === undefined) return undefined;
  const holder: { stack?: string } = {};
  capture(holder, above);
  const line = holder.stack?.split('\n')[1]?.trim();
  const place = line === undefined ? undefined : /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(line)?.[1];
  return place?.split(/[/\\]/).slice(-2).join('/');
};
