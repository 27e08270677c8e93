import { Call, type CallFrame } from '../../../pipeline/call.js';
import { type Interceptor, type InterceptorFacts, MISS } from '../../../pipeline/interceptor.js';
import type { OutcomeSource } from '../../../pipeline/outcome.js';
import type { Binding } from '../../../pipeline/policy.js';
import { isHeld } from '../../../pipeline/work-left.js';
import { onePerProcess } from '../../../runtime/one-per-process.js';
import { type CachedInterceptor, bypassOf } from '../interceptor.js';
import type { ManyAdministration } from './administration.js';
import { assemble } from './answer.js';
import { type BatchTerms, isItemError } from './batch.js';
import { GatheredCall, GatheredCallers } from './gathering.js';
import type { ManySettings } from './options.js';

/** The note that marks the call of a single id, which may be gathered with those of other callers. */
export const SINGLE = /* @__PURE__ */ onePerProcess('single', () => ({ note: 'gather with other callers' }));

/** The call for one id, as part of the call for the list. */
class ItemCall extends Call {
  source: OutcomeSource = 'method';

  override answeredBy(source: OutcomeSource): void {
    this.source = source;
  }
}

/** One id of a list, and what has come of asking for it. */
interface Asked {
  readonly id: unknown;
  /** Undefined for a hit: it needs no call record. */
  readonly item: ItemCall | undefined;
  readonly outcome: unknown;
}

/** What the list has come from, all in all: the least fresh thing that is in it. */
const sourceOf = (asked: readonly Asked[]): OutcomeSource => {
  const order: readonly OutcomeSource[] = ['stale', 'method', 'shared'];
  return order.find((source) => asked.some(({ item }) => item?.source === source)) ?? 'cache';
};

const isSingle = (call: Call): boolean => {
  for (let each: Call | undefined = call; each !== undefined; each = each.parent)
    if (each.note<true>(SINGLE) === true) return true;
  return false;
};

/** An error in the place of a value is part of the answer. */
const asElement = (error: unknown): unknown => {
  if (isItemError(error)) return error;
  throw error;
};

/** Takes the list apart, asks the cache of single ids for each, and puts the answer together. */
export class CachedManyInterceptor implements Interceptor {
  readonly policy = 'cached';
  readonly endsItsWaits = true;
  readonly countsItsWork = true;
  readonly handle: ManyAdministration;
  private readonly one: CachedInterceptor;
  private readonly settings: ManySettings;
  private readonly binding: Binding;
  private readonly terms: BatchTerms;
  /** By what lies inside: there is one for each stack that this interceptor is part of. */
  private readonly callers = new WeakMap<CallFrame, GatheredCallers>();

  constructor(
    settings: ManySettings,
    binding: Binding,
    parts: { readonly one: CachedInterceptor; readonly administration: ManyAdministration; readonly terms: BatchTerms },
  ) {
    this.settings = settings;
    this.binding = binding;
    this.one = parts.one;
    this.handle = parts.administration;
    this.terms = parts.terms;
  }

  around(call: Call, inside: CallFrame): unknown {
    const [ids] = call.args;
    if (!Array.isArray(ids)) return this.runUncached(call, inside);
    const rest = call.args.slice(1);
    const gathered = isSingle(call) ? this.callersOf(inside) : new GatheredCall(inside, this.terms);
    const lookup = bypassOf(call) === undefined ? this.one.lookup : undefined;
    const asked = [...new Set<unknown>(ids)].map((id) => this.ask(call, [id, ...rest], { gathered, lookup }));
    if (gathered instanceof GatheredCall) gathered.start();
    if (asked.some(({ outcome }) => outcome instanceof Promise)) return this.wait(call, asked);
    return this.answer(
      call,
      asked,
      asked.map(({ outcome }) => outcome),
    );
  }

  describe(): InterceptorFacts {
    const { options, state } = this.one.describe();
    const { maxBatch, window } = this.settings;
    return { options: { ...options, maxBatch, window }, state };
  }

  private ask(
    call: Call,
    args: readonly unknown[],
    { gathered, lookup }: { readonly gathered: CallFrame; readonly lookup: Interceptor['lookup'] },
  ): Asked {
    const [id] = args;
    const hit = lookup === undefined ? MISS : lookup.call(this.one, call.self, args);
    if (hit !== MISS) return { id, item: undefined, outcome: hit };
    let item: ItemCall | undefined;
    try {
      item = itemOf(call, args);
      return { id, item, outcome: this.one.around(item, gathered) };
    } catch (error) {
      // Not thrown: what has been gathered for the ids before must be asked for.
      return { id, item, outcome: Promise.reject(error) };
    }
  }

  private async wait(call: Call, asked: readonly Asked[]): Promise<unknown> {
    const outcomes = asked.map(({ outcome }) => outcome);
    // Whoever holds something outside of the cache holds it until all have ended.
    if (isHeld(call)) await Promise.allSettled(outcomes);
    const waits = outcomes.map((outcome) => (outcome instanceof Promise ? outcome.catch(asElement) : outcome));
    return this.answer(call, asked, await Promise.all(waits));
  }

  private answer(call: Call, asked: readonly Asked[], values: readonly unknown[]): unknown {
    const ids = call.args[0] as readonly unknown[];
    call.attempt = asked.reduce((most, { item }) => Math.max(most, item?.attempt ?? 1), call.attempt);
    const source = asked.length === 0 ? 'method' : sourceOf(asked);
    if (source !== 'method') call.answeredBy(source);
    const byId = new Map(asked.map(({ id }, index) => [id, values[index]]));
    const shape = this.settings.returns ?? this.terms.seen.shape ?? 'array';
    return assemble(
      shape,
      ids,
      ids.map((id) => byId.get(id)),
    );
  }

  private callersOf(inside: CallFrame): GatheredCallers {
    let callers = this.callers.get(inside);
    if (callers === undefined) {
      callers = new GatheredCallers(inside, this.terms, this.settings.window);
      this.callers.set(inside, callers);
    }
    return callers;
  }

  private runUncached(call: Call, inside: CallFrame): unknown {
    const { runtime, method, work } = this.binding;
    runtime.events.emit('cache.uncacheable', method, { reason: 'the first argument is no array of ids' });
    const outcome = inside.runInside(call);
    if (!(outcome instanceof Promise)) return outcome;
    work.loads += 1;
    return outcome.finally(() => (work.loads -= 1));
  }
}

const itemOf = (call: Call, args: readonly unknown[]): ItemCall => {
  const item = new ItemCall(call.frame, call.self, args);
  if (call.more === undefined && !call.frame.holdsUntilEnd) return item;
  const { details } = item;
  details.belongTo(call);
  details.callerSignal = call.more?.callerSignal;
  details.deadline = call.more?.deadline ?? Infinity;
  if (!call.isInterruptible) return item;
  if (call.interruption !== undefined) throw call.interruption.reason;
  details.isInterruptible = true;
  (call.details.children ??= new Set()).add(item);
  return item;
};
