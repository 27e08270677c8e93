import fc from 'fast-check';
import { BulkheadMachine, type Waiter } from './machine.js';

/** The simplest thing that is right: a list of who runs and one of who waits. */
class Model {
  running = 0;
  queue: number[] = [];
  granted: number[] = [];
  constructor(
    public maxConcurrent: number,
    public maxQueue: number,
  ) {}

  settle(): void {
    while (this.queue.length > 0 && this.running < this.maxConcurrent) {
      this.running += 1;
      this.granted.push(this.queue.shift() as number);
    }
  }
}

class Called implements Waiter {
  ahead: Waiter | undefined = undefined;
  behind: Waiter | undefined = undefined;
  isQueued = false;
  constructor(
    readonly id: number,
    private readonly log: number[],
  ) {}

  grant(): void {
    this.log.push(this.id);
  }
}

interface World {
  readonly machine: BulkheadMachine;
  readonly granted: number[];
  readonly waiters: Called[];
  held: number;
}

class Calls implements fc.Command<Model, World> {
  check = (): boolean => true;
  run(model: Model, world: World): void {
    const { machine, waiters, granted } = world;
    const isFree = model.running < model.maxConcurrent;
    expect(machine.tryAcquire()).toBe(isFree);
    if (isFree) {
      model.running += 1;
      return;
    }
    const hasPlace = model.queue.length < model.maxQueue;
    const waiter = new Called(waiters.length, granted);
    expect(machine.tryQueue(waiter)).toBe(hasPlace);
    if (!hasPlace) return;
    model.queue.push(waiter.id);
    waiters.push(waiter);
  }
  toString = (): string => 'calls';
}

class Ends implements fc.Command<Model, World> {
  check = (model: Readonly<Model>): boolean => model.running > 0;
  run(model: Model, { machine }: World): void {
    machine.release();
    model.running -= 1;
    model.settle();
  }
  toString = (): string => 'ends';
}

class IsAbandoned implements fc.Command<Model, World> {
  check = (model: Readonly<Model>): boolean => model.running > 0;
  run(_model: Model, world: World): void {
    if (world.held >= world.machine.inFlight) return;
    world.machine.abandon();
    world.held += 1;
  }
  toString = (): string => 'is abandoned';
}

class AbandonedEnds implements fc.Command<Model, World> {
  check = (model: Readonly<Model>): boolean => model.running > 0;
  run(model: Model, world: World): void {
    if (world.held === 0) return;
    world.held -= 1;
    world.machine.releaseAbandoned();
    model.running -= 1;
    model.settle();
  }
  toString = (): string => 'abandoned work ends';
}

class Leaves implements fc.Command<Model, World> {
  constructor(private readonly pick: number) {}
  check = (model: Readonly<Model>): boolean => model.queue.length > 0;
  run(model: Model, { machine, waiters }: World): void {
    const [id] = model.queue.splice(this.pick % model.queue.length, 1);
    machine.leave(waiters[id as number] as Called);
  }
  toString = (): string => `leaves(${this.pick})`;
}

class Reconfigures implements fc.Command<Model, World> {
  constructor(
    private readonly maxConcurrent: number,
    private readonly maxQueue: number,
  ) {}
  check = (): boolean => true;
  run(model: Model, { machine }: World): void {
    const { maxConcurrent, maxQueue } = this;
    machine.reconfigure({ maxConcurrent, maxQueue });
    model.maxConcurrent = maxConcurrent;
    model.maxQueue = maxQueue;
    model.settle();
  }
  toString = (): string => `reconfigures(${this.maxConcurrent}, ${this.maxQueue})`;
}

/** What holds after each step, whatever it was. */
const checked = (command: fc.Command<Model, World>): fc.Command<Model, World> => ({
  check: (model) => command.check(model),
  run: (model, world) => {
    command.run(model, world);
    const { machine, granted, held } = world;
    expect(machine.facts).toEqual({
      inFlight: model.running,
      maxConcurrent: model.maxConcurrent,
      queued: model.queue.length,
      maxQueue: model.maxQueue,
    });
    expect(granted).toEqual(model.granted);
    expect(machine.abandoned).toBe(held);
    expect(machine.isIdle).toBe(model.running === 0 && model.queue.length === 0);
    // Nobody waits beside a free slot.
    expect(model.queue.length === 0 || machine.inFlight >= model.maxConcurrent).toBe(true);
  },
  toString: () => command.toString(),
});

const slots = fc.integer({ min: 1, max: 5 });
const places = fc.integer({ min: 0, max: 5 });

test('model: slots are never lost, never invented and never overtaken', () => {
  const commands = [
    fc.constant(checked(new Calls())),
    fc.constant(checked(new Calls())),
    fc.constant(checked(new Ends())),
    fc.constant(checked(new IsAbandoned())),
    fc.constant(checked(new AbandonedEnds())),
    fc.nat({ max: 9 }).map((pick) => checked(new Leaves(pick))),
    fc.tuple(slots, places).map(([concurrent, queue]) => checked(new Reconfigures(concurrent, queue))),
  ];
  fc.assert(
    fc.property(slots, places, fc.commands(commands, { maxCommands: 100 }), (maxConcurrent, maxQueue, sequence) => {
      fc.modelRun(
        () => ({
          model: new Model(maxConcurrent, maxQueue),
          real: { machine: new BulkheadMachine({ maxConcurrent, maxQueue }), granted: [], waiters: [], held: 0 },
        }),
        sequence,
      );
    }),
    { numRuns: 500 },
  );
});
