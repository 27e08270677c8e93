import fc from 'fast-check';
import { type RateAlgorithm, RateLimitMachine, type RateSettings, type Waiter } from './machine.js';

/**
 * The simplest thing that is right: remembers every admission for ever, and knows the definitions of the algorithms by
 * heart. Times are multiples of an eighth of what a call takes, so that sums are exact.
 */
class Model {
  now = 0;
  admitted: number[] = [];
  line: { id: number; deadline: number }[] = [];
  told: string[] = [];
  constructor(readonly rate: RateSettings) {}

  mayGo(at: number, admitted: readonly number[]): boolean {
    const { algorithm, limit, interval, burst } = this.rate;
    if (algorithm === 'sliding-window') return admitted.filter((time) => time > at - interval).length < limit;
    // However far one looks back, with this one there are no more than burst + t · limit / interval.
    return admitted.every((from, index) => admitted.length - index + 1 <= burst + ((at - from) * limit) / interval);
  }

  serve(): void {
    while (this.line.length > 0 && this.mayGo(this.now, this.admitted)) {
      this.admitted.push(this.now);
      this.told.push(String(this.line.shift()?.id));
    }
  }

  /** When a newcomer could go, by trying all eighths. */
  delay(): number {
    const step = this.rate.interval / this.rate.limit / 8;
    const admitted = [...this.admitted];
    let at = this.now;
    for (let ahead = 0; ahead <= this.line.length; ahead++) {
      while (!this.mayGo(at, admitted)) at += step;
      admitted.push(at);
    }
    return at - this.now;
  }
}

interface World {
  readonly machine: RateLimitMachine;
  readonly told: string[];
  readonly waiters: Map<number, Waiter>;
}

type Step = fc.Command<Model, World>;

const step = (name: string, run: (model: Model, world: World) => void, check = (_: Readonly<Model>) => true): Step => ({
  check,
  run: (model, world) => {
    run(model, world);
    const { machine, told } = world;
    expect(told).toEqual(model.told);
    expect(machine.waiting).toBe(model.line.length);
    expect(machine.delay(model.now)).toBeCloseTo(model.delay(), 6);
  },
  toString: () => name,
});

const calls = (patience: number): Step =>
  step(`calls(${patience})`, (model, { machine, told, waiters }) => {
    model.serve();
    const goes = model.line.length === 0 && model.mayGo(model.now, model.admitted);
    expect(machine.tryTake(model.now)).toBe(goes);
    if (goes) model.admitted.push(model.now);
    else if (model.delay() <= patience) {
      const id = waiters.size;
      const deadline = model.now + patience;
      const waiter = {
        ahead: undefined,
        behind: undefined,
        isQueued: false,
        deadline,
        grant: () => void told.push(String(id)),
        expire: () => void told.push(`${id} expired`),
      };
      waiters.set(id, waiter);
      model.line.push({ id, deadline });
      machine.wait(waiter);
    }
  });

const passes = (eighths: number): Step =>
  step(`passes(${eighths})`, (model, { machine }) => {
    const { limit, interval } = model.rate;
    // Served at each eighth, as by a timer that is never late.
    for (let each = 0; each < eighths; each++) {
      model.now += interval / limit / 8;
      model.serve();
      machine.serve(model.now);
    }
  });

const leaves = (pick: number): Step =>
  step(
    `leaves(${pick})`,
    (model, { machine, waiters }) => {
      const [left] = model.line.splice(pick % model.line.length, 1);
      machine.leave(waiters.get(left?.id as number) as Waiter);
    },
    (model) => model.line.length > 0,
  );

const settings: fc.Arbitrary<RateSettings> = fc.record({
  algorithm: fc.constantFrom<RateAlgorithm>('gcra', 'token-bucket', 'sliding-window'),
  limit: fc.constantFrom(1, 2, 4),
  interval: fc.constant(1024),
  burst: fc.integer({ min: 1, max: 5 }),
});

test('model: admits whenever the definition allows it and never else, in order, whoever leaves', () => {
  const commands = [
    fc.constantFrom(0, 512, 4096).map(calls),
    fc.constantFrom(0, 4096).map(calls),
    fc.integer({ min: 1, max: 20 }).map(passes),
    fc.nat({ max: 9 }).map(leaves),
  ];
  fc.assert(
    fc.property(settings, fc.commands(commands, { maxCommands: 40 }), (rate, sequence) => {
      fc.modelRun(
        () => ({
          model: new Model(rate),
          real: { machine: new RateLimitMachine(rate), told: [], waiters: new Map() },
        }),
        sequence,
      );
    }),
    { numRuns: 300 },
  );
});
