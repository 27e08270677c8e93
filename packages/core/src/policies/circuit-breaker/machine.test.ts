import { BreakerMachine, type BreakerSettings, type Transition, isProbe } from './machine.js';

const MINUTE = 60_000;
const FAILURE = { name: 'Error', code: 'ECONNRESET', status: undefined };
const defaults: BreakerSettings = {
  failureThreshold: 3,
  successThreshold: 2,
  halfOpenMaxCalls: 2,
  halfOpenMaxWait: 500,
  recoveryTimeout: () => 1000,
  recoveryJitter: 0,
  window: { type: 'consecutive' },
  slowCall: undefined,
};
const noRandom = (): number => 0;

const machineWith = (changes: Partial<BreakerSettings> = {}, random = noRandom): [BreakerMachine, Transition[]] => {
  const machine = new BreakerMachine({ ...defaults, ...changes }, random);
  const transitions: Transition[] = [];
  machine.onTransition = (transition) => transitions.push(transition);
  return [machine, transitions];
};
const fail = (machine: BreakerMachine, times: number, now: number): void => {
  for (let call = 0; call < times; call += 1) machine.settle(machine.admit(now), 'failure', 0, now, FAILURE);
};
const succeed = (machine: BreakerMachine, times: number, now: number, duration = 0): void => {
  for (let call = 0; call < times; call += 1) machine.settle(machine.admit(now), 'success', duration, now);
};
/** Open since 0, with a break of a second. */
const opened = (changes: Partial<BreakerSettings> = {}, random = noRandom): [BreakerMachine, Transition[]] => {
  const [machine, transitions] = machineWith(changes, random);
  fail(machine, 3, 0);
  return [machine, transitions];
};
const steps = (transitions: readonly Transition[]): string[] =>
  transitions.map(({ from, to, reason }) => `${from} > ${to}: ${reason}`);
const OPENED = 'closed > open: consecutive-failures';
const PROBING = 'open > half-open: break-over';

describe('a closed circuit', () => {
  it('admits, and opens at the failure that completes the streak, told once with its facts', () => {
    const [machine, transitions] = machineWith();
    fail(machine, 2, 10);
    expect(machine.isClosed).toBe(true);
    expect(machine.notBefore()).toBe(-Infinity);
    expect(machine.retryAfter(10)).toBe(0);
    fail(machine, 1, 20);
    expect(machine.isClosed).toBe(false);
    const facts = { openings: 1, retryAfter: 1000, failures: 3, rate: undefined };
    expect(transitions).toEqual([{ from: 'closed', to: 'open', reason: 'consecutive-failures', ...facts }]);
  });

  it('starts the streak again at a success, and not at a neutral result', () => {
    const [machine] = machineWith();
    fail(machine, 2, 0);
    succeed(machine, 1, 0);
    fail(machine, 2, 0);
    machine.settle(machine.admit(0), 'neutral', 0, 0);
    expect(machine.metrics(0)).toMatchObject({ state: 'closed', failureCount: 2, neutral: 1 });
    fail(machine, 1, 0);
    expect(machine.state(0)).toBe('open');
  });

  it('keeps the summary of the last failure that had one', () => {
    const [machine] = opened();
    expect(machine.lastFailure).toBe(FAILURE);
    machine.close(0);
    machine.settle(machine.admit(0), 'failure', 0, 0);
    machine.settle(machine.admit(0), 'neutral', 0, 0, { name: 'AbortError' });
    expect(machine.lastFailure).toBe(FAILURE);
  });

  it('settles a success without the time, unless that completes a bad sample', () => {
    const [machine, transitions] = machineWith({
      window: { type: 'count', size: 2, failureRate: 0.5, minimumCalls: 2 },
      failureThreshold: 1,
    });
    const never = (): number => {
      throw new Error('nobody needs the time');
    };
    expect(machine.succeed(machine.standingPermit, never)).toBe(true);
    machine.close(0);
    fail(machine, 1, 0);
    expect(machine.succeed(machine.standingPermit, () => 70)).toBe(true);
    expect(machine.metrics(70)).toMatchObject({ state: 'open', openedAt: 70, retryAfter: 1000 });
    expect(transitions.at(-1)).toMatchObject({ reason: 'failure-rate', retryAfter: 1000 });
    expect(machine.standingPermit).toBe(-1);
  });

  it('counts a success at once only by a permit that is current, and never where times are recorded', () => {
    const [machine] = machineWith();
    const late = machine.admit(0);
    fail(machine, 3, 0);
    expect(machine.succeed(late, () => 0)).toBe(false);
    const [timed] = machineWith({ slowCall: { duration: 10, rate: 0.5 } });
    expect(timed.standingPermit).toBe(-1);
    expect(timed.succeed(timed.admit(0), () => 0)).toBe(false);
    expect(timed.metrics(0)).toMatchObject({ calls: 0 });
  });

  it('needs no clock for streaks and counted calls, but for times and durations', () => {
    const rates = { failureRate: 0.5, minimumCalls: 2 };
    expect(machineWith()[0].needsClock).toBe(false);
    expect(machineWith({ window: { type: 'count', size: 4, ...rates } })[0].needsClock).toBe(false);
    expect(machineWith({ window: { type: 'time', duration: 1000, ...rates } })[0].needsClock).toBe(true);
    expect(machineWith({ slowCall: { duration: 10, rate: 0.5 } })[0].needsClock).toBe(true);
  });

  it('opens at a failure rate among the last calls, with the rate in the facts', () => {
    const [machine, transitions] = machineWith({
      window: { type: 'count', size: 10, failureRate: 0.4, minimumCalls: 5 },
    });
    fail(machine, 2, 0);
    succeed(machine, 2, 0);
    expect(machine.state(0)).toBe('closed');
    succeed(machine, 1, 0);
    expect(transitions).toMatchObject([{ reason: 'failure-rate', failures: 2, rate: 0.4 }]);
    expect(machine.metrics(0)).toMatchObject({ failureCount: 2, calls: 5, failures: 2, failureRate: 0.4, slowRate: 0 });
  });

  it('does not open for failures that have left the window of time', () => {
    const [machine] = machineWith({ window: { type: 'time', duration: 1000, failureRate: 0.5, minimumCalls: 3 } });
    fail(machine, 2, 0);
    succeed(machine, 3, MINUTE);
    fail(machine, 1, MINUTE);
    expect(machine.metrics(MINUTE)).toMatchObject({ state: 'closed', calls: 4, failures: 1, failureRate: 0.25 });
  });

  it('opens at a rate of slow calls, with that rate in the facts', () => {
    const [machine, transitions] = machineWith({ slowCall: { duration: 100, rate: 0.5 } });
    succeed(machine, 5, 0, 100);
    succeed(machine, 5, 0, 101);
    expect(transitions).toMatchObject([{ to: 'open', reason: 'slow-call-rate', failures: 0, rate: 0.5 }]);
    expect(machine.metrics(0)).toMatchObject({ slowCalls: 5, slowRate: 0.5 });
  });

  it('begins an empty window when it is closed again', () => {
    const [machine] = machineWith({ window: { type: 'count', size: 4, failureRate: 0.5, minimumCalls: 4 } });
    fail(machine, 4, 0);
    succeed(machine, 2, 1000);
    fail(machine, 3, 1000);
    expect(machine.metrics(1000)).toMatchObject({ state: 'closed', calls: 3, failures: 3 });
  });

  it('ignores the results of calls admitted before it opened', () => {
    const [machine, transitions] = machineWith();
    const late = [machine.admit(0), machine.admit(0), machine.admit(0), machine.admit(0)];
    fail(machine, 3, 0);
    late.forEach((permit) => machine.settle(permit, 'success', 0, 1000));
    expect(machine.metrics(0)).toMatchObject({ failureCount: 3, probesInFlight: 0 });
    succeed(machine, 2, 1000);
    late.forEach((permit) => machine.settle(permit, 'failure', 0, 1000));
    expect(machine.metrics(1000)).toMatchObject({ state: 'closed', failureCount: 0 });
    expect(transitions).toHaveLength(3);
  });
});

describe('an open circuit', () => {
  it('refuses until the break is over, counts the refusals and says when', () => {
    const [machine, transitions] = opened();
    expect(machine.admit(0)).toBe(-1);
    expect(machine.admit(999)).toBe(-1);
    expect(machine.notBefore()).toBe(1000);
    expect(machine.retryAfter(400)).toBe(600);
    const openFacts = { openedAt: 0, retryAfter: 1, rejected: 2, openings: 1, failureCount: 3 };
    expect(machine.metrics(999)).toMatchObject({ state: 'open', ...openFacts });
    expect(steps(transitions)).toEqual([OPENED]);
  });

  it('shows half-open after the break without a permit or a transition; the first probe makes it', () => {
    const [machine, transitions] = opened();
    expect(machine.state(1000)).toBe('half-open');
    expect(machine.metrics(1000)).toMatchObject({ state: 'half-open', probesInFlight: 0, retryAfter: 0 });
    expect(steps(transitions)).toEqual([OPENED]);
    const permit = machine.admit(1000);
    expect(isProbe(permit)).toBe(true);
    expect(steps(transitions)).toEqual([OPENED, PROBING]);
    expect(transitions[1]).toMatchObject({ openings: 1, retryAfter: 0 });
  });

  it('lasts longer at each opening, by a function of their number, until it is closed', () => {
    const [machine] = opened({ recoveryTimeout: (openings) => 1000 * openings });
    machine.settle(machine.admit(1000), 'failure', 0, 1000);
    expect(machine.metrics(1000)).toMatchObject({ retryAfter: 2000, openings: 2, openedAt: 1000 });
    machine.settle(machine.admit(3000), 'failure', 0, 3000);
    expect(machine.retryAfter(3000)).toBe(3000);
    succeed(machine, 2, 6000);
    expect(machine.metrics(6000)).toMatchObject({ openings: 0, openedAt: undefined, retryAfter: undefined });
    fail(machine, 3, 6000);
    expect(machine.retryAfter(6000)).toBe(1000);
  });

  it.each([
    [0, 0, 1000],
    [0.5, 0, 1000],
    [0.5, 0.5, 1250],
    [1, 0.75, 1750],
  ])('lasts up to a share of %p longer: drawn %p, %p ms', (recoveryJitter, drawn, expected) => {
    expect(opened({ recoveryJitter }, () => drawn)[0].retryAfter(0)).toBe(expected);
  });

  it.each([
    ['NaN', () => NaN],
    ['a negative number', () => -5],
    ['no answer', () => undefined as unknown as number],
    [
      'an exception',
      () => {
        throw new Error('broken option');
      },
    ],
  ])('may be probed at once when its duration is %s', (_, recoveryTimeout) => {
    const [machine, transitions] = opened({ recoveryTimeout });
    expect(steps(transitions)).toEqual([OPENED]);
    expect(machine.retryAfter(0)).toBe(0);
    expect(isProbe(machine.admit(0))).toBe(true);
  });

  it('stays open without end when its duration is Infinity', () => {
    const [machine] = opened({ recoveryTimeout: () => Infinity });
    expect(machine.admit(Number.MAX_VALUE)).toBe(-1);
    expect(machine.retryAfter(0)).toBe(Infinity);
    machine.close(0);
    expect(machine.isClosed).toBe(true);
  });
});

describe('a half-open circuit', () => {
  it('admits its probes and no more, whatever the concurrency', () => {
    const [machine] = opened();
    const permits = Array.from({ length: 100 }, () => machine.admit(1000));
    expect(permits.filter((permit) => permit >= 0)).toHaveLength(2);
    expect(machine.metrics(1000)).toMatchObject({ probesInFlight: 2, rejected: 98, retryAfter: 500 });
    expect(machine.notBefore()).toBe(1500);
    machine.settle(permits[0]!, 'success', 0, 1000);
    expect(machine.admit(1000)).toBe(-1);
  });

  it('closes at the success that reaches the threshold', () => {
    const [machine, transitions] = opened();
    succeed(machine, 1, 1000);
    expect(machine.state(1000)).toBe('half-open');
    expect(machine.notBefore()).toBe(-Infinity);
    succeed(machine, 1, 1001);
    expect(steps(transitions)).toEqual([OPENED, PROBING, 'half-open > closed: probes-succeeded']);
    expect(transitions[2]).toMatchObject({ openings: 0, retryAfter: 0, failures: 0 });
  });

  it('re-opens at the first failure when every probe is needed, and does not wait for the others', () => {
    const [machine, transitions] = opened();
    const [first, second] = [machine.admit(1000), machine.admit(1000)];
    machine.settle(first, 'failure', 0, 1200, { name: 'StillDown' });
    expect(steps(transitions)).toEqual([OPENED, PROBING, 'half-open > open: probes-failed']);
    expect(transitions[2]).toMatchObject({ openings: 2, retryAfter: 1000, failures: 1 });
    expect(machine.lastFailure).toEqual({ name: 'StillDown' });
    machine.settle(second, 'success', 0, 1300);
    expect(machine.metrics(1300)).toMatchObject({ state: 'open', probesInFlight: 0 });
  });

  it('tolerates the failures that leave the threshold within reach', () => {
    const tolerant = { halfOpenMaxCalls: 3, successThreshold: 2 };
    const [machine] = opened(tolerant);
    fail(machine, 1, 1000);
    succeed(machine, 2, 1000);
    expect(machine.state(1000)).toBe('closed');
    const [other, transitions] = opened(tolerant);
    succeed(other, 1, 1000);
    fail(other, 2, 1000);
    expect(steps(transitions).at(-1)).toBe('half-open > open: probes-failed');
  });

  it('gives the permit of a neutral probe to the next call', () => {
    const [machine] = opened();
    const probe = machine.admit(1000);
    machine.admit(1000);
    expect(machine.admit(1000)).toBe(-1);
    machine.settle(probe, 'neutral', 0, 1000);
    expect(machine.metrics(1000)).toMatchObject({ probesInFlight: 1, neutral: 1 });
    expect(isProbe(machine.admit(1000))).toBe(true);
    expect(machine.admit(1000)).toBe(-1);
  });

  it('settles a probe once', () => {
    const [machine] = opened();
    const probe = machine.admit(1000);
    machine.settle(probe, 'success', 0, 1000);
    machine.settle(probe, 'success', 0, 1000);
    machine.settle(-1, 'success', 0, 1000);
    expect(machine.state(1000)).toBe('half-open');
    machine.settle(machine.admit(1000), 'neutral', 0, 1000);
    machine.settle(probe, 'neutral', 0, 1000);
    expect(machine.admit(1000)).toBeGreaterThan(0);
    expect(machine.admit(1000)).toBe(-1);
  });

  it('counts a slow success as a failed probe', () => {
    const [machine, transitions] = machineWith({ slowCall: { duration: 100, rate: 1 } });
    machine.open(0);
    machine.settle(machine.admit(1000), 'success', 101, 1101);
    expect(steps(transitions).at(-1)).toBe('half-open > open: probes-failed');
    expect(machine.lastFailure).toBeUndefined();
    machine.settle(machine.admit(3000), 'success', 100, 3100);
    expect(machine.state(3100)).toBe('half-open');
  });

  it('takes back a hanging probe as a failure of the moment it was due, and ignores its late result', () => {
    const [machine, transitions] = opened();
    const hung = machine.admit(1000);
    expect(machine.state(1499)).toBe('half-open');
    expect(machine.state(1700)).toBe('open');
    expect(steps(transitions).at(-1)).toBe('half-open > open: probe-hung');
    expect(transitions.at(-1)).toMatchObject({ retryAfter: 800, failures: 1 });
    expect(machine.metrics(1700)).toMatchObject({ openedAt: 1500, probesInFlight: 0, openings: 2 });
    machine.settle(hung, 'success', 0, 1800);
    expect(machine.state(1800)).toBe('open');
  });

  it('needs no look between a hanging probe and the next one', () => {
    const [machine, transitions] = opened();
    machine.admit(1000);
    expect(isProbe(machine.admit(MINUTE))).toBe(true);
    expect(steps(transitions)).toEqual([OPENED, PROBING, 'half-open > open: probe-hung', PROBING]);
    expect(transitions[2]).toMatchObject({ retryAfter: 0 });
  });

  it('judges hanging probes before the result that comes after them', () => {
    const [machine] = opened({ halfOpenMaxCalls: 3 });
    machine.admit(1000);
    const [second, third] = [machine.admit(1100), machine.admit(1499)];
    machine.settle(second, 'success', 0, 1599);
    expect(machine.metrics(1599)).toMatchObject({ state: 'half-open', probesInFlight: 1 });
    machine.settle(third, 'success', 0, 1999);
    expect(machine.metrics(1999)).toMatchObject({ state: 'open', openedAt: 1999 });
  });
});

describe('metrics', () => {
  it('show when the circuit opened, until it is closed again', () => {
    const [machine] = machineWith();
    fail(machine, 3, 50);
    machine.admit(1050);
    expect(machine.metrics(1060)).toMatchObject({ state: 'half-open', openedAt: 50, probesInFlight: 1 });
    machine.close(1070);
    expect(machine.metrics(1070)).toMatchObject({ state: 'closed', openedAt: undefined });
  });
});

describe('manual control', () => {
  it('isolates until close or reset, whatever else is commanded', () => {
    const [machine, transitions] = machineWith();
    machine.isolate(0);
    machine.open(0, 10);
    machine.disable(0);
    machine.metricsOnly(0);
    expect(machine.admit(1e12)).toBe(-1);
    expect(machine.retryAfter(0)).toBe(Infinity);
    expect(machine.metrics(0)).toMatchObject({ state: 'isolated', retryAfter: Infinity, openedAt: undefined });
    machine.close(0);
    expect(machine.admit(0)).toBeGreaterThan(0);
    machine.isolate(0);
    machine.reset(0);
    expect(steps(transitions)).toEqual([
      'closed > isolated: manual',
      'isolated > closed: manual',
      'closed > isolated: manual',
      'isolated > closed: manual',
    ]);
    expect(transitions[0]).toMatchObject({ retryAfter: Infinity });
  });

  it('opens for the configured break or a given one', () => {
    const [machine, transitions] = machineWith();
    machine.open(0);
    expect(machine.retryAfter(0)).toBe(1000);
    machine.open(500, 3000);
    expect(machine.metrics(500)).toMatchObject({ openedAt: 500, retryAfter: 3000, openings: 1 });
    machine.open(600, NaN);
    expect(machine.retryAfter(600)).toBe(0);
    machine.open(600, -1);
    expect(machine.retryAfter(600)).toBe(0);
    expect(steps(transitions)).toEqual(['closed > open: manual']);
  });

  it('counts an opening by hand from half-open as a further one', () => {
    const [machine] = opened();
    const probe = machine.admit(1000);
    machine.open(1000, 50);
    expect(machine.metrics(1000)).toMatchObject({ openings: 2, retryAfter: 50, probesInFlight: 0 });
    machine.settle(probe, 'success', 0, 1000);
    expect(machine.admit(1000)).toBe(-1);
  });

  it('closes with empty counts, from every state', () => {
    for (const command of ['open', 'isolate', 'disable', 'metricsOnly', 'close'] as const) {
      const [machine] = machineWith();
      fail(machine, 2, 0);
      machine[command](0);
      machine.close(0);
      fail(machine, 2, 0);
      expect(machine.metrics(0)).toMatchObject({ state: 'closed', failureCount: 2, openings: 0 });
    }
  });

  it('forgets counts and the last failure at reset, and the results still to come', () => {
    const [machine] = machineWith();
    const late = machine.admit(0);
    fail(machine, 3, 0);
    machine.admit(0);
    machine.reset(0);
    machine.settle(late, 'failure', 0, 0, FAILURE);
    const none = { failureCount: 0, calls: 0, rejected: 0, neutral: 0, openings: 0 };
    expect(machine.metrics(0)).toMatchObject({ state: 'closed', ...none });
    expect(machine.lastFailure).toBeUndefined();
  });

  it('admits everything and records nothing when disabled', () => {
    const [machine, transitions] = machineWith();
    fail(machine, 1, 0);
    machine.disable(0);
    fail(machine, 9, 0);
    succeed(machine, 9, 0);
    machine.settle(machine.admit(0), 'neutral', 0, 0);
    expect(machine.admit(0)).toBe(0);
    expect(machine.metrics(0)).toMatchObject({ state: 'disabled', failureCount: 1, neutral: 0, retryAfter: undefined });
    expect(steps(transitions)).toEqual(['closed > disabled: manual']);
  });

  it('admits everything, records and never opens when it is there for metrics only', () => {
    const [machine, transitions] = machineWith();
    machine.metricsOnly(0);
    fail(machine, 9, 0);
    expect(machine.metrics(0)).toMatchObject({ state: 'metrics-only', failureCount: 9, retryAfter: undefined });
    expect(machine.notBefore()).toBe(-Infinity);
    expect(steps(transitions)).toEqual(['closed > metrics-only: manual']);
  });

  it('only counts in metrics-only, even where a success completes a bad sample', () => {
    const window = { type: 'count', size: 4, failureRate: 0.5, minimumCalls: 4 } as const;
    const [machine, transitions] = machineWith({ window });
    machine.metricsOnly(0);
    fail(machine, 3, 0);
    expect(machine.succeed(machine.standingPermit, () => 0)).toBe(true);
    expect(machine.metrics(0)).toMatchObject({ state: 'metrics-only', failures: 3, calls: 4 });
    expect(steps(transitions)).toEqual(['closed > metrics-only: manual']);
  });

  it('takes hanging probes back before it obeys', () => {
    const [machine, transitions] = opened();
    machine.admit(1000);
    machine.isolate(MINUTE);
    expect(steps(transitions).slice(2)).toEqual(['half-open > open: probe-hung', 'open > isolated: manual']);
  });
});

describe('reconfigure', () => {
  it('keeps the streak and judges the next failure by the new threshold', () => {
    const [machine] = machineWith({ failureThreshold: 9 });
    fail(machine, 4, 0);
    machine.reconfigure(defaults, 0);
    expect(machine.state(0)).toBe('closed');
    fail(machine, 1, 0);
    expect(machine.state(0)).toBe('open');
  });

  it('keeps a running break', () => {
    const [machine] = opened();
    machine.reconfigure({ ...defaults, recoveryTimeout: () => 9 }, 500);
    expect(machine.retryAfter(500)).toBe(500);
  });

  it('ends a half-open period whose outcome the new thresholds fix', () => {
    const wide = { halfOpenMaxCalls: 5, successThreshold: 3 };
    const [machine, transitions] = opened(wide);
    succeed(machine, 2, 1000);
    machine.reconfigure(defaults, 1000);
    expect(steps(transitions).at(-1)).toBe('half-open > closed: probes-succeeded');
    const [other, others] = opened(wide);
    fail(other, 2, 1000);
    other.reconfigure(defaults, 1000);
    expect(steps(others).at(-1)).toBe('half-open > open: probes-failed');
  });

  it('takes back, as of now, the probes that hang by a shorter wait', () => {
    const [machine, transitions] = opened();
    machine.admit(1000);
    machine.reconfigure({ ...defaults, halfOpenMaxWait: 10 }, 1400);
    expect(steps(transitions).at(-1)).toBe('half-open > open: probe-hung');
    expect(machine.metrics(1400)).toMatchObject({ openedAt: 1400, retryAfter: 1000 });
  });

  it('clears the counts of another window and still takes the results of calls under way', () => {
    const [machine] = machineWith();
    const early = machine.admit(0);
    fail(machine, 2, 0);
    machine.reconfigure({ ...defaults, window: { type: 'count', size: 4, failureRate: 1, minimumCalls: 2 } }, 0);
    machine.settle(early, 'failure', NaN, 0);
    expect(machine.metrics(0)).toMatchObject({ state: 'closed', calls: 1, failures: 1 });
  });
});

describe('onTransition', () => {
  const explode = (): never => {
    throw new Error('listener');
  };

  it('leaks no permit when it throws at the first probe', () => {
    const [machine] = opened();
    machine.onTransition = explode;
    expect(() => machine.admit(1000)).toThrow('listener');
    expect(machine.metrics(1000)).toMatchObject({ state: 'half-open', probesInFlight: 0 });
    expect([machine.admit(1000), machine.admit(1000)].every(isProbe)).toBe(true);
  });

  it('finds and leaves the machine consistent when it throws at a settlement', () => {
    const [machine] = machineWith();
    machine.onTransition = explode;
    expect(() => fail(machine, 3, 0)).toThrow('listener');
    expect(machine.metrics(0)).toMatchObject({ state: 'open', retryAfter: 1000, openings: 1 });
    machine.onTransition = undefined;
    succeed(machine, 2, 1000);
    expect(machine.isClosed).toBe(true);
  });

  it('cannot leave a restored half-open period undecided by throwing', () => {
    const [machine] = opened({ halfOpenMaxCalls: 5, successThreshold: 3 });
    succeed(machine, 2, 1000);
    const [copy] = machineWith();
    copy.onTransition = explode;
    expect(() => copy.restore(machine.toJSON(1000), 0)).toThrow('listener');
    copy.onTransition = undefined;
    expect(copy.state(0)).toBe('closed');
  });

  it('may command the machine: a circuit closed at its first probe admits an ordinary call', () => {
    const [machine] = opened();
    machine.onTransition = ({ to }) => to === 'half-open' && machine.close(1000);
    const permit = machine.admit(1000);
    expect(permit).toBeGreaterThan(0);
    expect(isProbe(permit)).toBe(false);
  });
});

describe('permits', () => {
  it('are small integers that start over without naming a running call', () => {
    const [machine] = opened({ halfOpenMaxCalls: 1, successThreshold: 1 });
    Object.assign(machine, { number: 2 ** 29 - 2 });
    const last = machine.admit(1000);
    expect(last).toBe(2 ** 30 - 1);
    machine.settle(last, 'neutral', 0, 1000);
    const first = machine.admit(1000);
    expect(first).toBe(3);
    machine.settle(last, 'success', 0, 1000);
    expect(machine.state(1000)).toBe('half-open');
    machine.settle(first, 'success', 0, 1000);
    expect(machine.admit(1000)).toBe(4);
  });
});

describe('toJSON and restore', () => {
  const copyOf = (machine: BreakerMachine, now: number, at: number): [BreakerMachine, Transition[]] => {
    const [copy, transitions] = machineWith();
    copy.restore(JSON.parse(JSON.stringify(machine.toJSON(now))), at);
    return [copy, transitions];
  };

  it('carries an open circuit with the rest of its break, told as one transition', () => {
    const [machine] = opened();
    const [copy, transitions] = copyOf(machine, 400, 1e6);
    expect(copy.metrics(1e6)).toEqual({ ...machine.metrics(400), openedAt: 1e6 - 400 });
    expect(copy.lastFailure).toEqual({ name: 'Error', code: 'ECONNRESET', status: undefined });
    expect(steps(transitions)).toEqual(['closed > open: restored']);
    expect(copy.admit(1e6 + 599)).toBe(-1);
    expect(isProbe(copy.admit(1e6 + 600))).toBe(true);
  });

  it('carries a break that is over, and one without end', () => {
    expect(copyOf(opened()[0], 5000, 7)[0].state(7)).toBe('half-open');
    const [endless] = copyOf(opened({ recoveryTimeout: () => Infinity })[0], 5000, 7);
    expect(endless.retryAfter(7)).toBe(Infinity);
  });

  it('carries a half-open period: its probes keep their places until they hang', () => {
    const [machine] = opened();
    succeed(machine, 1, 1000);
    const probe = machine.admit(1100);
    const [copy] = copyOf(machine, 1200, 50);
    expect(copy.admit(50)).toBe(-1);
    copy.settle(probe + 2, 'success', 0, 50);
    expect(copy.state(50)).toBe('half-open');
    expect(copy.metrics(450)).toMatchObject({ state: 'open', openedAt: 450, openings: 2 });
  });

  it('carries an isolated circuit that can be released', () => {
    const [machine] = machineWith();
    machine.isolate(0);
    const [copy] = copyOf(machine, 0, 0);
    expect(copy.admit(1e9)).toBe(-1);
    copy.close(0);
    expect(copy.isClosed).toBe(true);
  });

  it('says how long ago it opened, what is left of the break, and null where that has no end', () => {
    const [machine] = machineWith();
    fail(machine, 3, 50);
    expect(machine.toJSON(80)).toMatchObject({ state: 'open', openedFor: 30, retryAfter: 970 });
    machine.close(100);
    expect(machine.toJSON(100)).toMatchObject({ state: 'closed', retryAfter: 0 });
    const [endless] = opened({ recoveryTimeout: () => Infinity });
    expect(endless.toJSON(80).retryAfter).toBeNull();
  });

  it('takes probes over in half-open only', () => {
    const [machine] = machineWith();
    const probation = { succeeded: 1, failed: 0, inFlight: [0, 0] };
    machine.restore({ ...machine.toJSON(0), probation }, 0);
    expect(machine.metrics(0)).toMatchObject({ state: 'closed', probesInFlight: 0 });
    expect(machine.notBefore()).toBe(-Infinity);
  });

  it('is silent when the state is the same, and makes results of earlier calls late', () => {
    const [machine] = machineWith();
    fail(machine, 2, 0);
    const late = machine.admit(0);
    const transitions: Transition[] = [];
    machine.onTransition = (transition) => transitions.push(transition);
    machine.restore(machine.toJSON(0), 0);
    machine.settle(late, 'failure', 0, 0);
    expect(machine.metrics(0)).toMatchObject({ state: 'closed', failureCount: 2 });
    expect(transitions).toEqual([]);
  });

  it('decides at once what its own thresholds fix', () => {
    const [machine] = opened({ halfOpenMaxCalls: 5, successThreshold: 3 });
    succeed(machine, 2, 1000);
    const [, transitions] = copyOf(machine, 1000, 0);
    expect(steps(transitions)).toEqual(['closed > half-open: restored', 'half-open > closed: probes-succeeded']);
  });

  it('changes nothing when the snapshot is garbage', () => {
    const [machine, transitions] = opened();
    const before = machine.metrics(10);
    const valid = machineWith()[0].toJSON(0);
    expect(() => machine.restore({ ...valid, lastFailure: 'Error' }, 10)).toThrow('lastFailure');
    expect(machine.metrics(10)).toEqual(before);
    expect(transitions).toHaveLength(1);
  });
});
