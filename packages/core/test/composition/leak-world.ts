import fc from 'fast-check';
import {
  Resilient,
  type ResilientOptions,
  answer,
  circuitOf,
  currentCall,
  definePolicy,
  explain,
} from '../../src/index.js';
import { type VirtualWorld, coded, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/** Stacks of any policies in any order, callers who come and leave, and a method that ends as it likes. */

/** One run of the method. */
interface Run {
  readonly lasts: number;
  readonly ends: 'value' | 'failure' | 'final' | 'abort';
  /** It ends at once when its signal is aborted, as far as it has one. */
  readonly hears: boolean;
}

interface Caller {
  readonly comesAt: number;
  readonly leavesAfter: number | undefined;
  readonly key: number;
}

export interface Play {
  /** Outermost first. */
  readonly stacks: readonly (readonly (readonly [policy: string, options: Readonly<Record<string, unknown>>])[])[];
  readonly runs: readonly Run[];
  readonly callers: readonly Caller[];
}

/** A policy that answers while what it has begun goes on. */
definePolicy({
  name: 'hasty',
  bind: () => async (_call, next) => {
    const later = async (): Promise<unknown> => {
      await Promise.resolve();
      return next();
    };
    return Promise.race([next(), later()]);
  },
});

/** One whose hooks wait, and that answers some failures. */
definePolicy({
  name: 'musing',
  bind: (_options, { clock }) => ({
    enter: () => new Promise((resolve) => void clock.setTimer(resolve, 3)),
    error: (_call, error) => ((error as { code?: unknown }).code === 'EPIPE' ? answer('mused') : undefined),
  }),
});

const one = <Value>(...values: Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values);

/** By the name that an order uses: the option of `@Resilient`, and its values. */
const POLICIES: Readonly<Record<string, readonly [key: string, options: fc.Arbitrary<Record<string, unknown>>]>> = {
  fallback: ['fallback', fc.record({ value: fc.constant('spare') })],
  cached: [
    'cache',
    fc.record(
      { ttl: one(5, 1_000), staleIfError: one(0, 500), staleWhileRevalidate: one(0, 50), hardTimeout: one(1, 200) },
      { requiredKeys: ['ttl', 'staleIfError', 'staleWhileRevalidate'] },
    ),
  ],
  retry: ['retry', fc.record({ maxAttempts: one(2, 3), delay: one(0, 10), jitter: fc.constant('none') })],
  'circuit-breaker': ['circuitBreaker', fc.record({ failureThreshold: one(1, 3), recoveryTimeout: one(20, 100) })],
  hedge: ['hedge', fc.record({ after: one(0, 15), maxHedges: one(1, 2) })],
  'adaptive-throttle': ['adaptiveThrottle', fc.record({ k: one(1.1, 2), padding: one(1, 8) })],
  'rate-limit': ['rateLimit', fc.record({ limit: one(1, 3), interval: one(10, 40), maxWait: one(0, 60) })],
  bulkhead: ['bulkhead', fc.record({ maxConcurrent: one(1, 2), maxQueue: one(0, 2), queueTimeout: one(15, 1_000) })],
  'adaptive-concurrency': ['adaptiveConcurrency', fc.record({ initial: one(1, 2), max: fc.constant(4) })],
  timeout: ['timeout', fc.record({ attempt: one(12, 30) })],
  'total-timeout': ['timeout', fc.record({ total: one(25, 60) })],
  hasty: ['hasty', fc.constant({})],
  musing: ['musing', fc.constant({})],
};

const stack = fc
  .shuffledSubarray(Object.keys(POLICIES), { minLength: 1, maxLength: 6 })
  .chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), POLICIES[name]![1]))));

const anyRun: fc.Arbitrary<Run> = fc.record({
  lasts: fc.integer({ min: 0, max: 45 }),
  ends: one('value', 'value', 'failure', 'final', 'abort'),
  hears: fc.boolean(),
});

const anyCaller: fc.Arbitrary<Caller> = fc.record({
  comesAt: fc.integer({ min: 0, max: 60 }),
  leavesAfter: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
  key: fc.integer({ min: 0, max: 1 }),
});

export const play: fc.Arbitrary<Play> = fc.record({
  stacks: fc.array(stack, { minLength: 1, maxLength: 2 }),
  runs: fc.array(anyRun, { minLength: 1, maxLength: 8 }),
  callers: fc.array(anyCaller, { minLength: 1, maxLength: 6 }),
});

const optionsOf = (policies: Play['stacks'][number]): ResilientOptions<any, any[], any> => {
  const options: Record<string, unknown> = {};
  for (const [name, given] of policies) {
    const key = POLICIES[name]![0];
    options[key] = { ...(options[key] as object | undefined), ...given };
  }
  return { ...options, order: policies.map(([name]) => name) };
};

/** The method's own work. */
const work = ({ clock }: VirtualWorld, { lasts, ends, hears }: Run, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const end = (): void => {
      if (ends === 'value') resolve('value');
      else reject(ends === 'final' ? withStatus(404) : coded(ends === 'failure' ? 'EPIPE' : 'ECONNRESET'));
    };
    clock.setTimer(end, lasts);
    if (hears) signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

/** What is left when all is over: nothing. */
export interface Leaks {
  readonly running: number;
  readonly unsettled: number;
  readonly inFlight: Readonly<Record<string, number>>;
  readonly held: readonly string[];
  readonly timers: number;
  /** How many callers had work under way that the bulkhead around it had no slots for. */
  readonly overbooked: number;
}

const stateOf = (target: object): { policy: string; state: unknown }[] =>
  explain(target).methods.flatMap(({ stack: all }) => all.map(({ policy, state }) => ({ policy, state })));

const COUNTS = ['inFlight', 'queued', 'abandoned', 'waiting', 'probesInFlight'];

/** Gauges of any policy that are not at rest. */
const heldBy = (target: object): string[] =>
  stateOf(target).flatMap(({ policy, state }) =>
    Object.entries((state ?? {}) as Record<string, unknown>)
      .filter(([name, value]) => COUNTS.includes(name) && value !== 0)
      .map(([name, value]) => `${policy}.${name} = ${String(value)}`),
  );

const isShared = (stacks: Play['stacks']): boolean => stacks.some((each) => each.some(([name]) => name === 'cached'));

/**
 * Of the bulkhead of the method that does the work: what it holds is held until that has really ended. A refresh in the
 * background is nobody's: it holds nothing outside of its cache.
 */
const slotsAround = (stacks: Play['stacks']): number => {
  const last = stacks.at(-1) ?? [];
  const bulkhead = last.find(([name]) => name === 'bulkhead');
  if (
    last.some(([, options]) => options['staleWhileRevalidate'] !== undefined && options['staleWhileRevalidate'] !== 0)
  )
    return Infinity;
  return (bulkhead?.[1]['maxConcurrent'] as number | undefined) ?? Infinity;
};

/** Plays until nothing can happen any more. */
export const playedOut = async ({ stacks, runs, callers }: Play): Promise<Leaks> => {
  const world = virtualWorld();
  let [begun, unsettled, most] = [0, callers.length, 0];
  const under: number[] = [];
  const run = async (key: number): Promise<string> => {
    const { signal } = currentCall();
    const plan = runs[begun % runs.length] as Run;
    begun += 1;
    under.push(key);
    most = Math.max(most, new Set(under).size);
    return work(world, plan, signal).finally(() => under.splice(under.indexOf(key), 1));
  };
  class Inner {
    @Resilient(optionsOf(stacks[1] ?? []))
    async load(key: number, _signal: AbortSignal): Promise<string> {
      return run(key);
    }
  }
  const inner = world.own(new Inner());
  class Outer {
    @Resilient(optionsOf(stacks[0] ?? []))
    async load(key: number, signal: AbortSignal): Promise<string> {
      return stacks.length > 1 ? inner.load(key, signal) : run(key);
    }
  }
  const outer = world.own(new Outer());
  const { clock } = world;
  for (const [index, { comesAt, leavesAfter, ...caller }] of callers.entries()) {
    const key = isShared(stacks) ? caller.key : index;
    const controller = new AbortController();
    clock.setTimer(() => {
      void settledOf(outer.load(key, controller.signal)).then(() => (unsettled -= 1));
      if (leavesAfter !== undefined) clock.setTimer(() => controller.abort(new Error('left')), leavesAfter);
    }, comesAt);
  }
  await clock.advance(5_000);
  const held = [...heldBy(outer), ...heldBy(inner)];
  const circuits = stacks.flatMap((policies, index) =>
    policies.some(([name]) => name === 'circuit-breaker')
      ? circuitOf(index === 0 ? outer : inner, 'load').metrics.probesInFlight
      : [],
  );
  return {
    running: under.length,
    unsettled,
    inFlight: world.runtime.stats().inFlight,
    held: [...held, ...circuits.filter((probes) => probes !== 0).map((probes) => `${probes} probes`)],
    timers: clock.refCount,
    overbooked: Math.max(0, most - slotsAround(stacks)),
  };
};

export const NOTHING_LEFT: Leaks = { running: 0, unsettled: 0, inFlight: {}, held: [], timers: 0, overbooked: 0 };
