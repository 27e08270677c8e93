import { type OptionSite, configurationError } from '../errors/option-check.js';
import type { GivenOptions, PolicyDefinition } from '../pipeline/policy.js';
import type { MethodKind, Stack } from '../pipeline/stack.js';
import type { NamedOptions } from '../runtime/given-sections.js';
import type { Settings } from '../runtime/runtime.js';
import { world } from '../runtime/world.js';

/** Where a method's options come from, weakest first. Later layers win option by option. */
export type LayerSource = 'class' | 'method' | 'direct';

/** What one decorator said: options by policy key, `false` for a policy taken away, a preset's or named policy's name. */
export interface Layer {
  readonly source: LayerSource;
  readonly policies: Readonly<Record<string, GivenOptions | false>>;
  readonly named: string | undefined;
  /** What the named policy stands for by these settings, its bases first. @throws ConfigurationError */
  readonly chain?: ((policies: Settings['policies']) => readonly NamedOptions[]) | undefined;
  readonly order: readonly string[] | undefined;
  readonly async: boolean | undefined;
  /** Codes of advice that is not wanted here. */
  readonly silence?: readonly string[] | undefined;
  readonly site: OptionSite;
}

export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** Where a method stands. */
export interface Place {
  readonly isStatic: boolean;
  readonly isPrivate: boolean;
  /** What legacy decorators know at definition: the prototype or, for statics, the class. */
  readonly home: object | undefined;
  /** An arrow or bound function: whatever it is called on, its state is its own. */
  readonly ignoresThis?: boolean;
}

/**
 * The bound stack that served the last call: one comparison finds it again. Forgotten when settings change or calls may
 * belong to several runtimes, so that the call itself need not ask.
 */
export interface LastBinding {
  readonly stack: Stack;
  /** What `sameOwner` compares: the constructor of an instance, the class itself for statics. */
  readonly mark: unknown;
}

/**
 * One decorated method: the function, its wrapper, and what the decorators said. The first decorator makes the record and
 * the wrapper; the next ones find the record by the wrapper and add to it, so that a method is wrapped exactly once.
 */
export class MethodRecord {
  readonly original: AnyFunction;
  /** The property key; a private method's is its description, `#name`. */
  readonly key: string | symbol;
  readonly place: Place;
  readonly layers: Layer[] = [];
  last: LastBinding | undefined = undefined;
  /** The function of `resilient()`, which is called on nothing that could have a runtime. */
  standalone: AnyFunction | undefined = undefined;
  #kind: MethodKind;

  constructor(original: AnyFunction, key: string | symbol, place: Place) {
    this.original = original;
    this.key = key;
    this.place = place;
    this.#kind = kindByDeclaration(original, key, place.home);
  }

  get name(): string {
    return typeof this.key === 'symbol' ? `[${this.key.description ?? ''}]` : this.key;
  }

  get kind(): MethodKind {
    return this.#kind;
  }

  /** A first call has returned a promise, or a policy needs one. */
  learnAsync(): void {
    if (this.#kind === 'unknown') this.#kind = 'async';
  }

  add(layer: Layer): void {
    if (layer.source === 'direct') this.#refuseRepetition(layer);
    this.layers.push(Object.freeze(layer));
    if (layer.async !== undefined) this.#kind = layer.async ? 'async' : 'sync';
    // A line that says `async: false` speaks about the lines below it, too.
    for (const each of layer.async === false ? this.layers : [layer]) {
      for (const key of Object.keys(each.policies)) this.#checkKind(key, each);
    }
    this.last = undefined;
  }

  #refuseRepetition({ policies, site }: Layer): void {
    for (const key of Object.keys(policies)) {
      const isRepeated = this.layers.some((layer) => layer.source === 'direct' && Object.hasOwn(layer.policies, key));
      if (isRepeated)
        throw configurationError(site, 'is written twice; keep one, or give both sets of options to one decorator');
    }
  }

  #checkKind(key: string, { policies, site, source }: Layer): void {
    const definition = world.policies.get(key) as PolicyDefinition | undefined;
    if (policies[key] === false || definition?.isAsyncOnly !== true) return;
    if (this.#kind !== 'sync') {
      if (source !== 'class') this.learnAsync();
      return;
    }
    throw configurationError(
      site,
      `${definition.decorator} needs a method that returns a Promise; make it async, or remove the policy`,
    );
  }
}

const isNativeAsync = (fn: AnyFunction): boolean => Object.prototype.toString.call(fn) === '[object AsyncFunction]';

const SYNC_TYPES: ReadonlySet<unknown> = new Set([
  String,
  Number,
  Boolean,
  Array,
  // The type of a value; nobody asks it for the time.
  // oxlint-disable-next-line no-restricted-globals
  Date,
  Map,
  Set,
  RegExp,
  Symbol,
  BigInt,
]);

/** A native async function, or what `emitDecoratorMetadata` tells; unknown otherwise. */
const kindByDeclaration = (fn: AnyFunction, key: string | symbol, home: object | undefined): MethodKind => {
  if (isNativeAsync(fn)) return 'async';
  const reflect = Reflect as { getOwnMetadata?(key: string, target: object, property: string | symbol): unknown };
  const type = home === undefined ? undefined : reflect.getOwnMetadata?.('design:returntype', home, key);
  if (type === Promise) return 'async';
  return SYNC_TYPES.has(type) ? 'sync' : 'unknown';
};

/**
 * Whose state a call uses: its class, by prototype; the class itself for statics; nobody for a bare function. What
 * `Object.create` made from an instance belongs to the instance's class.
 */
export const ownerOf = (self: unknown): object | null => {
  if (typeof self === 'function') return self;
  if (typeof self !== 'object' || self === null) return null;
  const direct = Object.getPrototypeOf(self) as object | null;
  const made = (self as { constructor?: { prototype?: unknown } }).constructor?.prototype;
  if (made === direct || typeof made !== 'object' || made === null) return direct;
  return Object.prototype.isPrototypeOf.call(made, self) ? made : direct;
};

/**
 * A cheap mark of the same: two loads instead of a prototype look-up. Whatever lies about its constructor is bound by
 * its prototype like all others, only a little slower.
 */
export const markOf = (self: unknown): unknown => {
  if (typeof self === 'function') return self;
  return self === undefined || self === null ? undefined : (self as { constructor?: unknown }).constructor;
};

export const recordOf = (fn: unknown): MethodRecord | undefined =>
  typeof fn === 'function' ? (world.records.get(fn) as MethodRecord | undefined) : undefined;
