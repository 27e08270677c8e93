import * as fc from 'fast-check';
import {
  BreakerMachine,
  type BreakerSettings,
  type BreakerState,
  type Outcome,
  type Transition,
  isProbe,
} from './machine.js';

/**
 * The machine against a model that shares nothing with it: lists instead of rings, and time that passes eagerly, from
 * one due moment to the next, as timers would have it. The machine is looked at only now and then, so the comparison
 * also shows that lazy and eager time decide the same.
 */

interface Call {
  readonly at: number;
  readonly failed: boolean;
  readonly slow: boolean;
}
interface Probe {
  readonly admittedAt: number;
  outcome: 'pending' | 'success' | 'failure' | 'neutral';
}
interface Ticket {
  /** The recording period in which the call was admitted, or its probe, or nothing. */
  readonly period?: object;
  readonly probe?: Probe;
}

const JITTERED = 1.25; // random is 0.5 and the jitter 0.5
const SLOW_SAMPLE = 10;

class Model {
  now = 0;
  mode: BreakerState = 'closed';
  readonly log: string[] = [];
  openings = 0;
  until = 0;
  rejected = 0;
  calls: Call[] = [];
  streak = 0;
  probes: Probe[] = [];
  private period = {};
  private phase = 0;

  constructor(public settings: BreakerSettings) {}

  advance(by: number): void {
    const end = this.now + by;
    for (;;) {
      const hung = this.probes.find(({ outcome }) => outcome === 'pending');
      const due = hung ? hung.admittedAt + this.settings.halfOpenMaxWait : Infinity;
      if (hung === undefined || due > end) break;
      this.now = Math.max(this.now, due);
      hung.outcome = 'failure';
      this.decide('probe-hung');
    }
    this.now = end;
  }

  get shown(): BreakerState {
    return this.mode === 'open' && this.now >= this.until ? 'half-open' : this.mode;
  }

  admit(): Ticket | undefined {
    if (this.shown === 'half-open' && this.mode === 'open') this.go('half-open', 'break-over');
    if (this.mode === 'disabled') return {};
    if (this.mode === 'closed' || this.mode === 'metrics-only') return { period: this.period };
    const taken = this.probes.filter(({ outcome }) => outcome !== 'neutral').length;
    if (this.mode !== 'half-open' || taken >= this.settings.halfOpenMaxCalls) {
      this.rejected += 1;
      return undefined;
    }
    const probe: Probe = { admittedAt: this.now, outcome: 'pending' };
    this.probes.push(probe);
    return { probe };
  }

  settle({ period, probe }: Ticket, outcome: Outcome, duration: number): void {
    const slow = this.settings.slowCall !== undefined && duration > this.settings.slowCall.duration;
    if (probe !== undefined && this.probes.includes(probe) && probe.outcome === 'pending') {
      probe.outcome = outcome === 'success' && slow ? 'failure' : outcome;
      this.decide('probes-failed');
    }
    if (period !== this.period || outcome === 'neutral') return;
    this.streak = outcome === 'failure' ? this.streak + 1 : 0;
    if (this.inWindow().length === 0) this.phase = this.now;
    this.calls = [...this.inWindow(), { at: this.now, failed: outcome === 'failure', slow }];
    if (this.mode === 'closed') this.judge();
  }

  command(name: 'open' | 'close' | 'reset' | 'isolate' | 'disable' | 'metricsOnly', duration?: number): void {
    if (name === 'reset') this.rejected = 0;
    if (name === 'close' || name === 'reset') this.go('closed', 'manual');
    else if (this.mode === 'isolated') return;
    else if (name === 'open') this.trip('manual', duration);
    else this.go(name === 'isolate' ? 'isolated' : name === 'disable' ? 'disabled' : 'metrics-only', 'manual');
  }

  reconfigure(settings: BreakerSettings): void {
    const shape = ({ window, slowCall }: BreakerSettings): string =>
      JSON.stringify({ ...window, failureRate: 0, minimumCalls: 0, slow: window.type === 'consecutive' && !!slowCall });
    if (shape(settings) !== shape(this.settings)) this.calls = [];
    if (settings.window.type !== this.settings.window.type) this.streak = 0;
    this.settings = settings;
    this.decide('probes-failed');
    this.advance(0);
  }

  /** A restored machine has never heard of the calls under way. */
  forgetTickets(): void {
    this.period = {};
    this.probes = this.probes.map((probe) => ({ ...probe }));
  }

  inWindow(): Call[] {
    const { window, slowCall } = this.settings;
    if (window.type === 'consecutive') return slowCall ? this.calls.slice(-SLOW_SAMPLE) : [];
    if (window.type === 'count') return this.calls.slice(-window.size);
    const bucket = (at: number): number => Math.floor((at - this.phase) / (window.duration / 10));
    return this.calls.filter(({ at }) => bucket(at) > bucket(this.now) - 10);
  }

  private judge(): void {
    const { window, slowCall, failureThreshold } = this.settings;
    const sample = this.inWindow();
    const share = (which: 'failed' | 'slow'): number => sample.filter((call) => call[which]).length / sample.length;
    const enough = window.type === 'consecutive' ? SLOW_SAMPLE : window.minimumCalls;
    if (window.type === 'consecutive' && this.streak >= failureThreshold) this.trip('consecutive-failures');
    else if (sample.length < enough) return;
    else if (window.type !== 'consecutive' && share('failed') >= window.failureRate) this.trip('failure-rate');
    else if (slowCall && share('slow') >= slowCall.rate) this.trip('slow-call-rate');
  }

  private decide(reason: string): void {
    const count = (wanted: string): number => this.probes.filter(({ outcome }) => outcome === wanted).length;
    const { successThreshold, halfOpenMaxCalls } = this.settings;
    if (count('success') >= successThreshold) this.go('closed', 'probes-succeeded');
    else if (count('failure') > halfOpenMaxCalls - successThreshold) this.trip(reason);
  }

  private trip(reason: string, duration?: number): void {
    if (this.mode !== 'open') this.openings += 1;
    this.until = this.now + (duration ?? this.settings.recoveryTimeout(this.openings) * JITTERED);
    this.go('open', reason);
  }

  private go(to: BreakerState, reason: string): void {
    if (to !== this.mode) this.log.push(`${this.mode} > ${to}: ${reason}`);
    this.mode = to;
    this.probes = [];
    this.period = {};
    if (to === 'closed') this.openings = 0;
    if (to !== 'closed' && to !== 'metrics-only') return;
    this.calls = [];
    this.streak = 0;
  }
}

type Step =
  | { readonly do: 'admit' | 'look' | 'restore' }
  | { readonly do: 'settle'; readonly which: number; readonly outcome: Outcome; readonly duration: number }
  | { readonly do: 'advance'; readonly by: number }
  | { readonly do: 'command'; readonly name: Parameters<Model['command']>[0]; readonly duration: number | undefined }
  | { readonly do: 'reconfigure'; readonly settings: BreakerSettings };

const trials = fc
  .record({ successThreshold: fc.integer({ min: 1, max: 3 }), tolerated: fc.integer({ min: 0, max: 2 }) })
  .map(({ successThreshold, tolerated }) => ({ successThreshold, halfOpenMaxCalls: successThreshold + tolerated }));
const rates = { failureRate: fc.constantFrom(0.25, 0.5, 1), minimumCalls: fc.integer({ min: 1, max: 4 }) };
const windows = {
  consecutive: fc.constant({ type: 'consecutive' } as const),
  count: fc.record({ type: fc.constant('count' as const), size: fc.integer({ min: 4, max: 6 }), ...rates }),
  time: fc.record({ type: fc.constant('time' as const), duration: fc.constantFrom(500, 1000), ...rates }),
};
const settingsWith = (window: fc.Arbitrary<BreakerSettings['window']>): fc.Arbitrary<BreakerSettings> =>
  fc
    .record({
      window,
      failureThreshold: fc.integer({ min: 1, max: 4 }),
      slowCall: fc.option(fc.constant({ duration: 100, rate: 0.5 }), { nil: undefined }),
      halfOpenMaxWait: fc.constantFrom(100, 400),
    })
    .chain((some) =>
      trials.map((more) => ({ ...some, ...more, recoveryTimeout: (n: number) => 400 * n, recoveryJitter: 0.5 })),
    );

const command = fc.record({
  do: fc.constant('command' as const),
  name: fc.constantFrom('open', 'close', 'reset', 'isolate', 'disable', 'metricsOnly'),
  duration: fc.constantFrom(undefined, 0, 300),
});
const settle = fc.record({
  do: fc.constant('settle' as const),
  which: fc.nat(7),
  outcome: fc.constantFrom<Outcome[]>('success', 'failure', 'failure', 'neutral'),
  duration: fc.constantFrom(0, 100, 101),
});
const just = (what: 'admit' | 'look' | 'restore'): fc.Arbitrary<Step> => fc.constant({ do: what });
const stepsWith = (settings: fc.Arbitrary<BreakerSettings>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
      { weight: 12, arbitrary: just('admit') },
      { weight: 12, arbitrary: settle },
      { weight: 6, arbitrary: fc.record({ do: fc.constant('advance'), by: fc.integer({ min: 1, max: 700 }) }) },
      { weight: 2, arbitrary: just('look') },
      { weight: 1, arbitrary: just('restore') },
      { weight: 1, arbitrary: command },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('reconfigure'), settings }) },
    ),
    { size: '+1', maxLength: 120 },
  );

interface Inside {
  readonly mode: BreakerState;
  readonly pass: number;
  readonly live: number;
  readonly number: number;
  readonly probation: { readonly succeeded: number; readonly failed: number; readonly inFlight: number };
}

/** What must hold inside the machine between any two steps, and whenever it speaks. */
const validate = (machine: BreakerMachine): void => {
  const { mode, pass, live, number, probation } = machine as unknown as Inside;
  const holds = (what: string, condition: boolean): void => {
    if (!condition) throw new Error(`${what} does not hold: ${JSON.stringify(machine)}`);
  };
  const isRecording = mode === 'closed' || mode === 'metrics-only';
  holds('pass is what admit answers at once', pass === (isRecording ? live : mode === 'disabled' ? 0 : -1));
  holds('live is even, or nobody', isRecording ? live > 0 && live % 2 === 0 : live === -2);
  holds('isClosed is the mode', machine.isClosed === (mode === 'closed'));
  holds('numbers are small integers', Number.isInteger(number) && number < 2 ** 29);
  const { succeeded, failed, inFlight } = probation;
  holds('counts are not negative', Math.min(succeeded, failed) >= 0);
  holds('the probation is empty except in half-open', mode === 'half-open' || succeeded + failed + inFlight === 0);
};

/** The machine and its model, side by side. The machine's clock has an offset of its own. */
class Pair {
  machine: BreakerMachine;
  readonly model: Model;
  readonly log: string[] = [];
  private offset = 5000;
  private open: [number, Ticket][] = [];
  private settled: [number, Ticket][] = [];

  constructor(settings: BreakerSettings) {
    this.machine = this.newMachine(settings);
    this.model = new Model(settings);
  }

  run(step: Step): void {
    const { machine, model, now } = this;
    if (step.do === 'admit') this.admit();
    else if (step.do === 'settle') this.settle(step.which, step.outcome, step.duration);
    else if (step.do === 'advance') model.advance(step.by);
    else if (step.do === 'look') this.compare();
    else if (step.do === 'restore') this.restore();
    if (step.do === 'reconfigure') {
      machine.reconfigure(step.settings, now);
      model.reconfigure(step.settings);
    } else if (step.do === 'command') {
      machine[step.name](now, step.duration);
      model.command(step.name, step.duration);
    }
    validate(this.machine);
  }

  compare(): void {
    const { machine, model, now } = this;
    const calls = model.inWindow();
    const hasWindow = model.settings.window.type !== 'consecutive' || model.settings.slowCall !== undefined;
    const failures = hasWindow ? calls.filter(({ failed }) => failed).length : model.streak;
    expect(machine.state(now)).toBe(model.shown);
    expect(machine.metrics(now)).toMatchObject({
      state: model.shown,
      failureCount: model.settings.window.type === 'consecutive' ? model.streak : failures,
      calls: hasWindow ? calls.length : model.streak,
      failures,
      slowCalls: calls.filter(({ slow }) => slow).length,
      openings: model.openings,
      rejected: model.rejected,
      probesInFlight: model.probes.filter(({ outcome }) => outcome === 'pending').length,
    });
    if (model.mode === 'open') expect(machine.retryAfter(now)).toBe(Math.max(0, model.until - model.now));
    expect(this.log).toEqual(model.log);
  }

  private get now(): number {
    return this.model.now + this.offset;
  }

  private newMachine(settings: BreakerSettings): BreakerMachine {
    const machine = new BreakerMachine(settings, () => 0.5);
    machine.onTransition = ({ from, to, reason }: Transition) => {
      validate(machine);
      if (reason !== 'restored') this.log.push(`${from} > ${to}: ${reason}`);
    };
    return machine;
  }

  private admit(): void {
    const { machine, model } = this;
    const mayAdmit = machine.notBefore() <= this.now;
    const permit = machine.admit(this.now);
    const ticket = model.admit();
    expect(permit >= 0).toBe(ticket !== undefined);
    if (ticket === undefined) return;
    expect(mayAdmit).toBe(true);
    expect(isProbe(permit)).toBe(ticket.probe !== undefined);
    expect(machine.metrics(this.now).probesInFlight).toBeLessThanOrEqual(model.settings.halfOpenMaxCalls);
    this.open.push([permit, ticket]);
  }

  /** Mostly a call under way; now and then one that has been settled before, which must change nothing if it was a probe. */
  private settle(which: number, outcome: Outcome, duration: number): void {
    const probes = this.settled.filter(([permit]) => isProbe(permit));
    const isAgain = which === 7 && probes.length > 0;
    const [settled] = isAgain ? probes.slice(-1) : this.open.splice(which % Math.max(1, this.open.length), 1);
    if (settled === undefined) return;
    this.settled.push(settled);
    this.machine.settle(settled[0], outcome, duration, this.now);
    this.model.settle(settled[1], outcome, duration);
  }

  /** The machine moves through JSON into a process with another clock. Old permits mean nothing there. */
  private restore(): void {
    const stored: unknown = JSON.parse(JSON.stringify(this.machine.toJSON(this.now)));
    this.offset = this.offset * 3 - 123_456;
    this.machine = this.newMachine(this.model.settings);
    this.machine.restore(stored, this.now);
    this.model.forgetTickets();
    this.open = [];
    this.settled = [];
  }
}

describe('the machine decides as its model does', () => {
  const anyWindow = fc.oneof(windows.consecutive, windows.count, windows.time);

  it.each([
    ['a streak', windows.consecutive],
    ['a window of calls', windows.count],
    ['a window of time', windows.time],
    ['windows that change', anyWindow],
  ] as [string, fc.Arbitrary<BreakerSettings['window']>][])('with %s', (name, window) => {
    const settings = settingsWith(window);
    const later = name === 'windows that change' ? settingsWith(anyWindow) : settings;
    fc.assert(
      fc.property(settings, stepsWith(later), (first, steps) => {
        const pair = new Pair(first);
        for (const step of steps) pair.run(step);
        pair.compare();
      }),
      { numRuns: 150 },
    );
  });
});
