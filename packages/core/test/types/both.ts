/**
 * Types that hold in both decorator dialects. Compiled, never run: by `npm run typecheck` and by every supported
 * compiler. A line under `@ts-expect-error` must not compile.
 */
import {
  Bulkhead,
  Cached,
  CachedMany,
  cacheControlTtl,
  revalidate,
  type CacheSnapshot,
  type Validated,
  type CacheHandle,
  type CacheStore,
  Chaos,
  CircuitBreaker,
  type Configuration,
  type ExplainedMethod,
  type FailureKind,
  type KeyvLike,
  Fallback,
  Hedge,
  HttpError,
  Invalidates,
  type Outcome,
  type OutcomeSource,
  RateLimit,
  type Reload,
  Resilient,
  Retry,
  type ShutdownReport,
  type StoreEntry,
  Timeout,
  again,
  allOf,
  answer,
  anyOf,
  cacheOf,
  caches,
  callOutcome,
  circuitOf,
  composePolicies,
  configure,
  createRuntime,
  currentCall,
  definePolicy,
  events,
  explain,
  explainAll,
  guardedStore,
  isResilienceError,
  keyvStore,
  memoryStore,
  not,
  oneOf,
  reload,
  resilient,
  uncached,
  withContext,
  withRuntime,
  leaseTtl,
  type Lease,
  tieredStore,
} from '@holdfast/core';

/** True for equal types only; `any` equals nothing but itself. */
type Equal<One, Other> =
  (<Probe>() => Probe extends One ? 1 : 2) extends <Probe>() => Probe extends Other ? 1 : 2 ? true : false;
const is = <Condition extends true>(...proof: Condition extends true ? [] : [never]): void => void proof;

interface Product {
  readonly id: string;
  readonly price: number;
}
declare const product: Product;

/* ---- Which methods a decorator accepts ---------------------------------------------------------------------- */

export class Acceptance {
  @Retry()
  async native(): Promise<void> {}

  @Retry({ maxAttempts: 2 })
  @Timeout('2s')
  promised(): Promise<string> {
    return Promise.resolve('x');
  }

  @Hedge()
  hedged(): Promise<string> {
    return Promise.resolve('x');
  }

  @Hedge({ after: 'p99.9', maxHedges: 2, hedgeOn: [503], accept: (result) => result.id !== '' })
  async hedgedWithOptions(): Promise<Product> {
    return product;
  }

  // @ts-expect-error -- @Hedge needs a Promise
  @Hedge()
  notHedged(): string {
    return 'x';
  }

  // @ts-expect-error -- no percentile
  @Hedge({ after: 'slow' })
  async hedgedWhen(): Promise<void> {}

  @Timeout({ attempt: '1s', total: 5000 })
  unchecked(): any {
    return 1;
  }

  // @ts-expect-error -- @Retry needs a Promise
  @Retry()
  retriedNumber(): number {
    return 1;
  }

  // @ts-expect-error -- with options, too
  @Retry({ maxAttempts: 2 })
  retriedString(): string {
    return 'x';
  }

  // @ts-expect-error -- @Timeout needs a Promise
  @Timeout('2s')
  timedNumber(): number {
    return 1;
  }

  // @ts-expect-error -- @Bulkhead needs a Promise
  @Bulkhead()
  countedNumber(): number {
    return 1;
  }

  @Bulkhead({ key: (tenant: string, page) => `${tenant.trim()} ${page.toFixed()}` })
  async counted(_tenant: string, _page: number): Promise<void> {}

  // @ts-expect-error -- the key has the method's parameters
  @Bulkhead({ key: (tenant: number) => tenant })
  async miscounted(_tenant: string): Promise<void> {}

  @RateLimit({ limit: 10, interval: '1s', key: (tenant: string, page) => `${tenant.trim()} ${page.toFixed()}` })
  limited(_tenant: string, _page: number): number {
    return 1;
  }

  // @ts-expect-error -- how many, and in what time?
  @RateLimit({ limit: 10 })
  unlimited(): number {
    return 1;
  }

  // @ts-expect-error -- a result that is only sometimes a Promise
  @Retry()
  sometimes(): Promise<number> | number {
    return 1;
  }

  // @ts-expect-error -- nothing at all
  @Timeout(1000)
  nothing(): void {}

  @Cached()
  @CircuitBreaker()
  @Fallback({ value: 1 })
  synchronous(): number {
    return 1;
  }

  // @ts-expect-error -- a generator's result can be consumed only once
  @Cached()
  *generator(): Generator<number> {
    yield 1;
  }

  // @ts-expect-error -- nor an async generator's
  @CircuitBreaker()
  async *asyncGenerator(): AsyncGenerator<number> {
    yield 1;
  }

  @Cached()
  protected async hidden(): Promise<void> {}

  @Retry()
  private async secret(): Promise<void> {}

  async use(): Promise<void> {
    await this.secret();
  }

  @Retry()
  static async all(): Promise<void> {}

  @Cached()
  static count(): number {
    return 1;
  }

  // @ts-expect-error -- static methods are no exception
  @Retry()
  static number(): number {
    return 1;
  }

  @Retry()
  async ['computed'](): Promise<void> {}
}

/* ---- Methods keep their types ------------------------------------------------------------------------------- */

export class Kept {
  @Cached()
  @Retry()
  async find(id: string, options?: { deep: boolean }): Promise<Product> {
    return { ...product, id: `${id}${String(options?.deep)}` };
  }
}
is<Equal<Kept['find'], (id: string, options?: { deep: boolean }) => Promise<Product>>>();
// @ts-expect-error -- the parameters are checked as ever
void new Kept().find(1);

/* ---- Callbacks know the method's parameters, result and `this` ---------------------------------------------- */

export class Inference {
  readonly tenant: string = 'a';

  @Cached({
    ttl: (result, id, count) => {
      is<Equal<typeof result, Product>>();
      is<Equal<typeof id, string>>();
      is<Equal<typeof count, number>>();
      return result.price > count ? '5m' : null;
    },
    key: (id, count) => {
      is<Equal<typeof id, string>>();
      is<Equal<typeof count, number>>();
      return `${id}${count}`;
    },
    cacheIf: (result, id) => {
      is<Equal<typeof result, Product>>();
      is<Equal<typeof id, string>>();
      return result.price > 0;
    },
    scope: (self) => {
      is<Equal<typeof self, Inference>>();
      return self.tenant;
    },
    clone: (value) => {
      is<Equal<typeof value, Product>>();
      return { ...value };
    },
    eviction: 'adaptive',
    maxBytes: 1000,
    weigh: (value) => {
      is<Equal<typeof value, Product>>();
      return value.price;
    },
    staleIfError: { maxStale: '1h', when: (error) => error instanceof Error },
  })
  async cached(id: string, count: number): Promise<Product> {
    return { ...product, id, price: count };
  }

  @Cached({
    key(id) {
      is<Equal<typeof this, Inference>>();
      return `${this.tenant}${id}`;
    },
  })
  async withThis(id: string): Promise<string> {
    return id;
  }

  @Cached({ key: (first, ...rest) => `${first}${rest.join('')}`, cacheIf: (result) => result.length > 0 })
  async optionalAndRest(first: string, second?: number, ...rest: boolean[]): Promise<string> {
    return `${first}${String(second)}${rest.length}`;
  }

  @Cached({ cacheIf: (result) => result.length > 0, ttl: (result, id) => result.length * id })
  synchronous(id: number): string {
    return String(id);
  }

  @Retry({
    retryOnResult: (result) => {
      is<Equal<typeof result, Product>>();
      return result.price === 0;
    },
    retryIf: (error, attempt) => {
      is<Equal<typeof error, unknown>>();
      is<Equal<typeof attempt, number>>();
      return attempt < 3;
    },
    retryOn: [TypeError, 'ECONNRESET', 503, (error) => error instanceof HttpError],
    backoff: (attempt) => attempt * 100,
  })
  async retried(): Promise<Product> {
    return product;
  }

  @CircuitBreaker({
    key: (id) => {
      is<Equal<typeof id, string>>();
      return id;
    },
    recoveryTimeout: (openings) => openings * 1000,
  })
  async guarded(id: string): Promise<string> {
    return id;
  }

  @Chaos({
    enabled(id, count) {
      is<Equal<typeof this, Inference>>();
      is<Equal<typeof id, string>>();
      return count > 1 && this.tenant === id;
    },
    rate: { fault: 0.1, result: 0.2 },
    fault: ['ECONNRESET', 503, (id) => new Error(id)],
    latency: { min: '10ms', max: 500 },
    result: (id, count) => ({ ...product, id, price: count }),
  })
  async disturbed(id: string, count: number): Promise<Product> {
    return { ...product, id, price: count };
  }

  @Chaos({ result: { value: 3 }, fault: 404 })
  disturbedNumber(): number {
    return 1;
  }

  @Fallback((error, id, count) => {
    is<Equal<typeof error, unknown>>();
    is<Equal<typeof id, string>>();
    is<Equal<typeof count, number>>();
    return product;
  })
  async fallback(id: string, count: number): Promise<Product> {
    return { ...product, id, price: count };
  }

  @Fallback(async (_error, id) => ({ ...product, id }))
  async asynchronousFallback(id: string): Promise<Product> {
    return { ...product, id };
  }

  @Fallback({
    handler(_error, id) {
      is<Equal<typeof this, Inference>>();
      return `${this.tenant}${id}`;
    },
    when: (error) => isResilienceError(error),
  })
  async fallbackObject(id: string): Promise<string> {
    return id;
  }

  @Fallback({ value: 0 })
  synchronousFallback(): number {
    return 1;
  }

  @Invalidates({
    target: 'cached',
    keys: (id, change) => {
      is<Equal<typeof id, string>>();
      is<Equal<typeof change, Partial<Product>>>();
      return [[id, 1]];
    },
  })
  async update(id: string, change: Partial<Product>): Promise<void> {
    void [id, change];
  }

  @Cached()
  async unmodified(id: string): Promise<Product> {
    const { cache } = currentCall();
    is<Equal<NonNullable<typeof cache>['isRefresh'], boolean>>();
    if (cache?.stale !== undefined) return cache.notModified();
    // @ts-expect-error -- tags are strings
    cache?.setTags([1]);
    // @ts-expect-error -- 'soon' is no duration
    cache?.setTtl('soon');
    return { ...product, id };
  }

  @Invalidates({
    tags: (id, change) => {
      is<Equal<typeof id, string>>();
      is<Equal<typeof change, Partial<Product>>>();
      return [`product:${id}`];
    },
    when: 'success',
  })
  async updateByTags(id: string, change: Partial<Product>): Promise<void> {
    void [id, change];
  }

  @Cached({
    tags(id, count) {
      is<Equal<typeof this, Inference>>();
      is<Equal<typeof id, string>>();
      is<Equal<typeof count, number | undefined>>();
      return [this.tenant, id];
    },
  })
  async tagged(id: string, count?: number): Promise<void> {
    void [id, count];
  }

  @Cached({
    key(id) {
      is<Equal<typeof this, typeof Inference>>();
      return `${this.name}${id}`;
    },
    scope: (self) => self.prototype.tenant,
  })
  static async ofClass(id: string): Promise<string> {
    return id;
  }
}

/* ---- Values and options of the wrong type ------------------------------------------------------------------- */

export class Mistakes {
  // @ts-expect-error -- another result than the method's
  @Chaos({ result: () => 'x' })
  async disturbed(): Promise<number> {
    return 1;
  }

  // @ts-expect-error -- another value than the method's
  @Chaos({ result: { value: 'x' } })
  disturbedNumber(): number {
    return 1;
  }

  // @ts-expect-error -- a fallback answers with what the method returns
  @Fallback({ value: 'x' })
  async wrongValue(): Promise<number> {
    return 1;
  }

  // @ts-expect-error -- as a function, too
  @Fallback(() => 'x')
  async wrongAnswer(): Promise<number> {
    return 1;
  }

  // @ts-expect-error -- a synchronous method cannot answer with a Promise
  @Fallback(() => Promise.resolve(1))
  wrongKind(): number {
    return 1;
  }

  // @ts-expect-error -- 'x5' is no duration
  @Timeout('x5')
  async wrongDuration(): Promise<void> {}

  // @ts-expect-error -- nor is '5 weeks'
  @Cached({ ttl: '5 weeks' })
  async wrongTtl(): Promise<void> {}

  // @ts-expect-error -- there is no such eviction
  @Cached({ eviction: 'lfu' })
  async wrongEviction(): Promise<void> {}

  // @ts-expect-error -- a typo
  @Retry({ maxAttempt: 3 })
  async typo(): Promise<void> {}

  // @ts-expect-error -- another one
  @Cached({ tll: '5m' })
  async cacheTypo(): Promise<void> {}

  // @ts-expect-error -- a third one
  @CircuitBreaker({ failureTreshold: 3 })
  async breakerTypo(): Promise<void> {}

  // @ts-expect-error -- one level deeper
  @Resilient({ retry: { maxAttempt: 3 } })
  async nestedTypo(): Promise<void> {}

  // @ts-expect-error -- no such jitter
  @Retry({ jitter: 'random' })
  async jitter(): Promise<void> {}

  // @ts-expect-error -- a count window needs its size
  @CircuitBreaker({ window: { type: 'count' } })
  async window(): Promise<void> {}

  // @ts-expect-error -- which method?
  @Invalidates({})
  async invalidates(): Promise<void> {}

  // @ts-expect-error -- a timeout of what?
  @Timeout()
  async timeout(): Promise<void> {}

  // @ts-expect-error -- the callback's parameter is the method's
  @Cached({ key: (id: number) => id })
  async wrongParameter(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error -- the predicate sees the settled result
  @Cached({ cacheIf: (result: Promise<string>) => result !== undefined })
  async unsettled(id: string): Promise<string> {
    return id;
  }
}

/* ---- Generics, overloads, inheritance ----------------------------------------------------------------------- */

export abstract class Repository<Entity extends { readonly id: string }> {
  @Cached({ cacheIf: (entity) => entity.id !== '', key: (id) => id, scope: 'class' })
  @Retry({ retryOnResult: (entity) => entity.id === '' })
  async byId(id: string): Promise<Entity> {
    return this.load(id);
  }

  protected abstract load(id: string): Promise<Entity>;

  @Cached({ key: (value) => JSON.stringify(value) })
  async generic<Value extends object>(value: Value): Promise<Value> {
    return value;
  }
}
is<Equal<Repository<Product>['byId'], (id: string) => Promise<Product>>>();

export class Products extends Repository<Product> {
  @Retry()
  protected override async load(id: string): Promise<Product> {
    return { ...product, id };
  }

  overloaded(id: string): Promise<string>;
  overloaded(id: number): Promise<number>;
  @Retry()
  @Cached({ key: (id) => String(id) })
  async overloaded(id: string | number): Promise<string | number> {
    return id;
  }
}
void new Products().overloaded('x').then((value: string) => value);
void new Products().overloaded(1).then((value: number) => value);

/* ---- @Resilient --------------------------------------------------------------------------------------------- */

@Resilient({ retry: true, timeout: '2s', cache: { ttl: '1m' }, include: ['find'] })
export class OnClass {
  @Resilient('patient')
  async named(): Promise<void> {}

  @Resilient({
    cache: {
      ttl: '5m',
      key: (id, count) => {
        is<Equal<typeof id, string>>();
        is<Equal<typeof count, number>>();
        return `${id}${count}`;
      },
    },
    retry: {
      maxAttempts: 3,
      retryOnResult: (result) => {
        is<Equal<typeof result, Product>>();
        return result.price === 0;
      },
    },
    circuitBreaker: { failureThreshold: 3, key: (id) => id },
    timeout: { attempt: '1s', total: '5s' },
    fallback: (_error, id) => ({ ...product, id }),
    invalidates: { target: 'named' },
    policy: 'patient',
    order: ['retry', 'cached'],
  })
  async find(id: string, count: number): Promise<Product> {
    return { ...product, id, price: count };
  }

  @Resilient({ cache: false, retry: false, circuitBreaker: false, timeout: false, fallback: false, invalidates: false })
  async bare(): Promise<void> {}

  // @ts-expect-error -- the fallback is checked here, too
  @Resilient({ fallback: { value: 'x' } })
  async wrongFallback(): Promise<number> {
    return 1;
  }
}

@Resilient('patient')
export class NamedClass {}

@Resilient({ circuitBreaker: true, exclude: ['find', Symbol.iterator] })
export abstract class AbstractClass {}

/* ---- Only on methods ---------------------------------------------------------------------------------------- */

// @ts-expect-error -- above a class stands @Resilient
@Retry()
export class NotAMethod {
  // @ts-expect-error -- a getter
  @Cached()
  get getter(): number {
    return 1;
  }

  // @ts-expect-error -- a setter
  @CircuitBreaker()
  set setter(value: number) {
    void value;
  }

  // @ts-expect-error -- a field
  @Retry()
  field = async (): Promise<void> => undefined;

  // @ts-expect-error -- without parentheses
  @Cached
  async bare(): Promise<void> {}
}

/* ---- Decorators kept in a variable -------------------------------------------------------------------------- */

const patient = Retry({ maxAttempts: 5 });
const shared = Cached({ ttl: '1m' });

export class FromVariables {
  @patient
  @shared
  async find(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error -- they check what they stand on, too
  @patient
  synchronous(): number {
    return 1;
  }
}

/* ---- Handles ------------------------------------------------------------------------------------------------ */

export class OwnHandles {
  @Cached()
  @CircuitBreaker()
  async find(id: string): Promise<Product> {
    return { ...product, id };
  }

  async forget(id: string): Promise<boolean> {
    circuitOf(this, 'find').reset();
    // @ts-expect-error -- there is no such method
    void cacheOf(this, 'fnid');
    // @ts-expect-error -- there is no such method
    circuitOf(this, 'fnid').reset();
    return cacheOf(this, 'find').invalidate(id);
  }
}

declare const inference: Inference;
const handle = cacheOf(inference, 'cached');
is<Equal<typeof handle, CacheHandle<(id: string, count: number) => Promise<Product>>>>();

export const handles = async (): Promise<void> => {
  const value = await handle.get('x', 1);
  is<Equal<typeof value, Product | undefined>>();
  const peeked = handle.peek('x', 1);
  is<Equal<typeof peeked, Product | undefined>>();
  const looked = await handle.lookup('x', 1);
  is<Equal<typeof looked.state, 'fresh' | 'stale' | 'miss'>>();
  is<Equal<typeof looked.value, Product | undefined>>();
  await handle.set(['x', 1], product, { ttl: '1m' });
  const refreshed = await handle.refresh(['x', 1]);
  is<Equal<typeof refreshed, Product>>();
  const existed = await handle.invalidate('x', 1);
  is<Equal<typeof existed, boolean>>();
  // @ts-expect-error -- the method's own parameters
  void handle.get(1);
  // @ts-expect-error -- all of them
  void handle.get('x');
  // @ts-expect-error -- and its value
  void handle.set(['x', 1], 'no product');

  const synchronous = cacheOf(inference, 'synchronous');
  is<Equal<ReturnType<typeof synchronous.peek>, string | undefined>>();

  const ofClass = cacheOf(Inference, 'ofClass');
  void ofClass.get('x').then((found: string | undefined) => found);
  const ofInstances = cacheOf(Products, 'byId');
  void ofInstances.get('x').then((found: Product | undefined) => found);

  const ofPrivate = cacheOf<(id: string) => Promise<number>>(inference, '#secret');
  void ofPrivate.get('x').then((found: number | undefined) => found);
  // @ts-expect-error -- typed by the signature
  void ofPrivate.get(1);

  circuitOf(inference, 'guarded').isolate();
  circuitOf(inference, 'guarded', 'x').state satisfies string;
  circuitOf(Inference, 'guarded').metrics.failureCount satisfies number;
  circuitOf<() => Promise<void>>(inference, '#secret').isolate();

  // @ts-expect-error -- there is no such method
  void cacheOf(inference, 'cahced');
  // @ts-expect-error -- nor on the class
  void cacheOf(Inference, 'cahced');
  // @ts-expect-error -- a field is no method
  void cacheOf(inference, 'tenant');
  // @ts-expect-error -- what a private method is, the compiler cannot see
  void cacheOf(inference, '#secret');
  // @ts-expect-error -- there is no such method
  circuitOf(inference, 'gaurded').isolate();
  // @ts-expect-error -- nor on the class
  circuitOf(Inference, 'gaurded', 'x').isolate();
  // @ts-expect-error -- a field is no method
  circuitOf(inference, 'tenant').isolate();
  // @ts-expect-error -- what a private method is, the compiler cannot see
  circuitOf(inference, '#secret').isolate();

  await uncached(inference).cached('x', 1);
};

/* ---- Outcomes ------------------------------------------------------------------------------------------------ */

export class OwnOutcomes {
  @Retry()
  async find(id: string): Promise<Product> {
    return { ...product, id };
  }

  async price(id: string): Promise<number> {
    const outcome = await callOutcome<OwnOutcomes['find']>(this, 'find', id);
    return outcome.ok ? outcome.value.price : 0;
  }
}

export const outcomes = async (): Promise<void> => {
  const outcome = await callOutcome(inference, 'cached', 'x', 1);
  if (outcome.ok) {
    is<Equal<typeof outcome.value, Product>>();
    is<Equal<typeof outcome.kind, 'value'>>();
    is<Equal<typeof outcome.source, OutcomeSource>>();
  } else {
    is<Equal<typeof outcome.error, unknown>>();
    is<Equal<typeof outcome.kind, FailureKind>>();
    is<Equal<typeof outcome.value, undefined>>();
  }
  const synchronous = callOutcome(inference, 'synchronous', 1);
  is<Equal<typeof synchronous, Outcome<string>>>();
  const ofStatic = callOutcome(Inference, 'ofClass', 'x');
  is<Equal<typeof ofStatic, Promise<Outcome<string>>>>();
  const ofFunction = callOutcome(load, 'x', 1);
  is<Equal<typeof ofFunction, Promise<Outcome<Product>>>>();
  const ofPrivate = callOutcome<(id: string) => Promise<number>>(inference, '#secret', 'x');
  is<Equal<typeof ofPrivate, Promise<Outcome<number>>>>();

  // @ts-expect-error -- the method's own parameters
  void callOutcome(inference, 'cached', 1, 1);
  // @ts-expect-error -- all of them
  void callOutcome(inference, 'cached', 'x');
  // @ts-expect-error -- there is no such method
  void callOutcome(inference, 'cahced', 'x', 1);
  // @ts-expect-error -- a field is no method
  void callOutcome(inference, 'tenant');
  // @ts-expect-error -- the function's own parameters
  void callOutcome(load, 1);
  // @ts-expect-error -- typed by the signature
  void callOutcome<(id: string) => Promise<number>>(inference, '#secret', 1);
};

/* ---- Predicates of predicates --------------------------------------------------------------------------------- */

export class Predicates {
  @Retry({
    retryIf: anyOf('ECONNRESET', 503, HttpError, (error, attempt) => {
      is<Equal<typeof attempt, number>>();
      return attempt < 2 && error instanceof RangeError;
    }),
    retryOn: [anyOf(503, allOf(HttpError, not(404)))],
    retryOnResult: not((result) => result.price > 0),
  })
  @Cached({
    cacheIf: allOf(
      (result: Product, id: string) => result.id === id,
      not((result: Product) => result.price < 0),
    ),
    staleIfError: { maxStale: '1h', when: not(TypeError) },
    invalidateOn: anyOf(409),
  })
  @CircuitBreaker({ failureIf: anyOf(500, 503), ignoreIf: not(HttpError), ignoreOn: [not(HttpError)] })
  @Fallback({ value: product, when: not(400) })
  async find(id: string): Promise<Product> {
    return { ...product, id };
  }
}

const isOwn = allOf((result: Product, id: string) => result.id === id);
is<Equal<typeof isOwn, (result: Product, id: string) => boolean>>();
const isBusy = anyOf(429, 503);
is<Equal<typeof isBusy, (error: unknown) => boolean>>();
// @ts-expect-error -- an object is no term
anyOf({ status: 503 });
// @ts-expect-error -- nor is a predicate that answers with something else
not((error: unknown) => String(error));

/* ---- Functions ---------------------------------------------------------------------------------------------- */

const load = resilient(
  async (id: string, count?: number): Promise<Product> => ({ ...product, id, price: count ?? 0 }),
  {
    cache: {
      ttl: '1m',
      key: (id) => {
        is<Equal<typeof id, string>>();
        return id;
      },
      cacheIf: (result) => result.price > 0,
    },
    retry: { retryOnResult: (result) => result.price < 0 },
    fallback: (_error, id) => ({ ...product, id }),
    name: 'load',
  },
);
void load('x').then((found: Product) => found);
void load.cache.get('x', 1).then((found: Product | undefined) => found);
// @ts-expect-error -- the function's own parameters
void load(1);
// @ts-expect-error -- in its cache, too
void load.cache.get(1);
// @ts-expect-error -- a typo
resilient(async () => 1, { retyr: true });
// @ts-expect-error -- a fallback of the wrong type
resilient(async () => 1, { fallback: { value: 'x' } });
// @ts-expect-error -- no function
resilient(5, { retry: true });

const double = resilient((n: number) => n * 2, 'patient');
is<Equal<ReturnType<typeof double>, number>>();

function same<Value>(value: Value): Value {
  return value;
}
const identity = resilient(same, { circuitBreaker: true });
is<Equal<ReturnType<typeof identity<string>>, string>>();

const withThis = resilient(
  async function (this: { readonly tenant: string }, id: string) {
    return this.tenant + id;
  },
  { cache: { scope: (self) => self.tenant } },
);
void withThis.call({ tenant: 'a' }, 'x');

const guarded = composePolicies({ retry: true, timeout: '1s' });
void guarded(async (id: string) => id.length)('x').then((length: number) => length);

/* ---- Policies of users -------------------------------------------------------------------------------------- */

const LoadShed = definePolicy<{ readonly max: number }, { readonly limit: number }>({
  name: 'types-load-shed',
  options: (given) => {
    is<Equal<typeof given, { readonly max: number }>>();
    return { limit: given.max };
  },
  bind: (options, context) => {
    is<Equal<typeof options, { readonly limit: number }>>();
    const state = context.state('active', () => ({ active: 0 }));
    is<Equal<typeof state, { active: number }>>();
    return {
      enter: (call) => void call.args.length,
      leave: (_call, value) => value,
      error: (call, error) => (call.attempt < options.limit ? again(10) : answer(error)),
    };
  },
  before: 'retry',
});

const Traced = definePolicy({
  name: 'types-traced',
  bind: () => async (_call, next) => next(),
  after: 'circuit-breaker',
});

export class WithOwnPolicies {
  @LoadShed({ max: 3 })
  @Traced()
  async find(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error -- its options are needed
  @LoadShed()
  async missing(): Promise<void> {}

  // @ts-expect-error -- and checked
  @LoadShed({ max: '3' })
  async wrong(): Promise<void> {}
}
// @ts-expect-error -- no such place
definePolicy({ name: 'types-placed', bind: () => ({}), before: 'rtry' });

/* ---- Events ------------------------------------------------------------------------------------------------- */

const off = events.on('cache.hit', (event) => {
  is<Equal<typeof event.type, 'cache.hit'>>();
  is<Equal<typeof event.method, string>>();
  is<Equal<typeof event.age, number>>();
  is<Equal<typeof event.remainingTtl, number>>();
  // @ts-expect-error -- a fact of another event
  void event.delay;
});
is<Equal<typeof off, () => void>>();
events.once('retry.scheduled', ({ attempt, delay, errorClass, error }) => {
  is<Equal<typeof attempt, number>>();
  is<Equal<typeof delay, number>>();
  is<Equal<typeof errorClass, string>>();
  void error?.status;
});
events.on('circuit.opened', ({ circuit, retryAfter }) => `${circuit} ${retryAfter.toFixed()}`);
events.onAny((event) => {
  if (event.type === 'cache.servedStale') is<Equal<typeof event.age, number>>();
});
// @ts-expect-error -- no such event
events.on('cache.hits', () => undefined);
export const listen = async (): Promise<void> => {
  for await (const event of events.stream('circuit.closed')) {
    is<Equal<typeof event.type, 'circuit.closed'>>();
    break;
  }
};

/* ---- Configuration ------------------------------------------------------------------------------------------ */

configure({
  defaults: {
    cache: { ttl: '1m' },
    retry: { maxAttempts: 4 },
    circuitBreaker: { failureThreshold: 3 },
    timeout: { total: '9s' },
  },
  policies: { patient: { retry: { maxAttempts: 9 }, timeout: '9s', cache: { key: (id) => id as string } } },
  classifiers: [(error) => (error instanceof RangeError ? 'permanent' : undefined)],
  logger: { warn: (message, event) => void [message, event?.type] },
  logLevel: 'warn',
  clock: 'exact',
  random: () => 0.5,
});
// @ts-expect-error -- a typo
configure({ enabeld: true });
// @ts-expect-error -- in a default
configure({ defaults: { retry: { maxAttempt: 3 } } });
// @ts-expect-error -- a name would make all caches one
configure({ defaults: { cache: { name: 'all' } } });
configure({
  policies: {
    partner: { policy: 'http', retry: false, defaults: { cache: { staleIfError: '1h' } } },
    alias: 'partner',
  },
});
// @ts-expect-error -- what it refines by default has no name
configure({ policies: { partner: { defaults: { cache: { name: 'all' } } } } });
// @ts-expect-error -- a named policy has no order
configure({ policies: { patient: { order: ['retry'] } } });
// @ts-expect-error -- no such level
configure({ logLevel: 'loud' } satisfies Configuration);

class Leases {
  @Cached({ ttl: leaseTtl(), softTimeout: '100ms', hardTimeout: '2s', staleIfError: '1h' })
  async credentials(): Promise<{ lease_id: string; lease_duration: number }> {
    return { lease_id: '', lease_duration: 0 };
  }
  @Cached({ ttl: leaseTtl({ lease: (result: { auth: Lease }) => result.auth }), refreshAhead: { after: 0.8 } })
  async login(): Promise<{ auth: Lease }> {
    return { auth: {} };
  }
  @Cached({ errorTtl: (error, id) => (is<Equal<typeof id, string>>(), error instanceof TypeError ? null : '1s') })
  async find(id: string): Promise<string> {
    return id;
  }
  // @ts-expect-error -- no share of a ttl
  @Cached({ refreshAhead: '80%' })
  async wrong(): Promise<number> {
    return 1;
  }
}
void Leases;
declare const keyv: { opts: object } & Pick<KeyvLike, 'get' | 'set' | 'delete' | 'clear'>;
configure({ store: tieredStore(memoryStore({ maxSize: 10 }), keyvStore(keyv), { l1: { ttl: '10s' } }) });
configure({ store: false, storeGuard: { failOpen: false, readTimeout: '50ms', circuitBreaker: false } });
configure({ storeGuard: { circuitBreaker: { failureThreshold: 3, recoveryTimeout: (n) => n * 1000 } } });
// @ts-expect-error -- a guard judges failures by itself
configure({ storeGuard: { circuitBreaker: { failureIf: () => true } } });
// @ts-expect-error -- no store
configure({ store: new Map() });
const guardedShelf = guardedStore(memoryStore(), { retries: 0 });
is<Equal<typeof guardedShelf, CacheStore>>();
const entry = guardedShelf.get('key');
is<Equal<typeof entry, Promise<StoreEntry | undefined>>>();

class Shelf {
  @Cached({ name: 'shelf', version: '1', scope: 'class', store: guardedShelf })
  async item(id: string): Promise<string> {
    return id;
  }

  @Cached({ store: false })
  async own(id: string): Promise<string> {
    return id;
  }
}
void Shelf;

const runtime = createRuntime({ logger: false });
const reloaded = reload(async () => ({ policies: { partner: 'http' } }));
is<Equal<typeof reloaded, Promise<Reload>>>();
void reload({}, { name: 'policies.json' });
// @ts-expect-error -- a typo
void reload({ polices: {} });
const ended = runtime.shutdown({ timeout: '5s' });
is<Equal<typeof ended, Promise<ShutdownReport>>>();
void withContext({ bypass: ['cache', 'retry'], traceId: 't' }, () => 1);
void withContext({ bypass: true }, () => 1);
// @ts-expect-error -- no such policy
void withContext({ bypass: 'cahce' }, () => 1);
// @ts-expect-error -- an option of @Resilient, not a policy
void withContext({ bypass: 'silence' }, () => 1);
const moved = withRuntime(new Products(), runtime);
is<Equal<typeof moved, Products>>();
const answered = runtime.run(() => 7);
is<Equal<typeof answered, number>>();
const contextual = withContext({ traceId: 't' }, async () => 'x');
is<Equal<typeof contextual, Promise<string>>>();

const { methods } = explain(Products);
is<Equal<(typeof methods)[number]['amplification'], number>>();
const { signal, attempt } = currentCall();
is<Equal<typeof signal, AbortSignal>>();
is<Equal<typeof attempt, number>>();

/* ---- Lists of ids ------------------------------------------------------------------------------------------- */

class Lists {
  readonly tenant = 'acme';

  @CachedMany({
    ttl: (value, id, locale) => (
      is<Equal<typeof value, Product>>(),
      is<Equal<typeof id, string>>(),
      is<Equal<typeof locale, string>>(),
      '1m'
    ),
    key(id) {
      return `${this.tenant}/${id}`;
    },
    maxBatch: 100,
    window: '2ms',
  })
  async products(ids: readonly string[], _locale: string): Promise<Product[]> {
    return ids.map(() => product);
  }

  @CachedMany({ returns: 'map', cacheIf: (value) => (is<Equal<typeof value, number>>(), value > 0) })
  async prices(ids: number[]): Promise<Map<number, number>> {
    return new Map(ids.map((id) => [id, 1]));
  }

  @CachedMany()
  async rates(_ids: string[]): Promise<Record<string, number | Error>> {
    return {};
  }

  // @ts-expect-error -- takes no list
  @CachedMany()
  async one(id: string): Promise<string[]> {
    return [id];
  }

  // @ts-expect-error -- takes nothing
  @CachedMany()
  async all(): Promise<string[]> {
    return [];
  }

  // @ts-expect-error -- answers with no list
  @CachedMany()
  async count(ids: string[]): Promise<number> {
    return ids.length;
  }

  // @ts-expect-error -- returns no Promise
  @CachedMany()
  synchronous(ids: string[]): string[] {
    return ids;
  }
}
declare const lists: Lists;

const oneProduct = oneOf(lists, 'products');
const answeredProduct = oneProduct('1', 'en');
is<Equal<typeof answeredProduct, Promise<Product | undefined>>>();
const answeredPrice = oneOf(lists, 'prices')(1);
is<Equal<typeof answeredPrice, Promise<number | undefined>>>();
void oneProduct.cache.warm([['1', 'en']], { concurrency: 2 });
void oneProduct.cache.set(['1', 'en'], product);
// @ts-expect-error -- the id is a string
void oneProduct(1, 'en');
// @ts-expect-error -- the locale is missing
void oneProduct.cache.invalidate('1');
const manyProducts = cacheOf(lists, 'products').getMany([[['1'], 'en']]);
is<Equal<typeof manyProducts, Promise<(Product[] | undefined)[]>>>();
const answeredRate = oneOf(lists, 'rates')('EUR');
is<Equal<typeof answeredRate, Promise<number | undefined>>>();
const keysOfLists = cacheOf(lists, 'prices').keys({ search: '1', limit: 3 });
is<Equal<typeof keysOfLists, string[]>>();
const warmed = cacheOf(lists, 'prices').warm([[[1, 2]]]);
void warmed.then((warmUp) => is<Equal<(typeof warmUp.outcomes)[number]['args'], [ids: number[]]>>());

/* ---- HTTP and snapshots ------------------------------------------------------------------------------------- */

class Pages {
  @Cached({ ttl: (page) => cacheControlTtl(page.headers, { default: '1m', max: '1d', shared: true }) })
  async page(_path: string): Promise<{ headers: Headers }> {
    return { headers: new Headers() };
  }

  @Cached({ staleIfError: '1h', snapshot: { version: 'v2' } })
  product(id: string): Promise<Validated<Product>> {
    return revalidate<Product>(`https://example.org/${id}`, { method: 'GET' }, { cacheControl: { max: '1h' } });
  }
}
declare const pages: Pages;
const snapshot = cacheOf(pages, 'product').export();
is<Equal<typeof snapshot, Promise<CacheSnapshot>>>();
void cacheOf(pages, 'product')
  .import({})
  .then(({ imported }) => is<Equal<typeof imported, number>>());
// @ts-expect-error -- no response
void cacheControlTtl('max-age=60');

/* ---- listing ------------------------------------------------------------------------------------------------ */

const cleared = caches().map((cache) => cache.clear());
is<Equal<typeof cleared, Promise<number>[]>>();
const { methods: explained } = explainAll(createRuntime());
is<Equal<typeof explained, readonly ExplainedMethod[]>>();
