import { BulkheadMachine, type Waiter } from './machine.js';

const made = (maxConcurrent = 2, maxQueue = 3): BulkheadMachine => new BulkheadMachine({ maxConcurrent, maxQueue });

const waiters = (): { named: (name: string) => Waiter; granted: string[] } => {
  const granted: string[] = [];
  const named = (name: string): Waiter => ({
    ahead: undefined,
    behind: undefined,
    isQueued: false,
    grant: () => void granted.push(name),
  });
  return { named, granted };
};

/** All slots taken, and these in the queue. */
const full = (names: string): { machine: BulkheadMachine; granted: string[]; queue: Waiter[] } => {
  const machine = made();
  const { named, granted } = waiters();
  while (machine.tryAcquire());
  const queue = [...names].map(named);
  for (const waiter of queue) machine.tryQueue(waiter);
  return { machine, granted, queue };
};

test('as many calls as there are slots are under way at once, and no more', () => {
  const machine = made();
  expect([machine.tryAcquire(), machine.tryAcquire(), machine.tryAcquire()]).toEqual([true, true, false]);
  expect(machine.facts).toEqual({ inFlight: 2, maxConcurrent: 2, queued: 0, maxQueue: 3 });
  machine.release();
  expect(machine.tryAcquire()).toBe(true);
});

test('as many calls as there are places may queue, and no more', () => {
  const { machine } = full('abc');
  expect([machine.tryQueue(waiters().named('d')), machine.facts.queued]).toEqual([false, 3]);
});

test('a slot that ends is handed to who has waited longest; it is never free in between', () => {
  const { machine, granted } = full('abc');
  machine.release();
  expect([granted.join(''), machine.inFlight, machine.tryAcquire()]).toEqual(['a', 2, false]);
  machine.release();
  machine.release();
  expect([granted.join(''), machine.facts.queued, machine.tryAcquire()]).toEqual(['abc', 0, false]);
  machine.release();
  expect(machine.tryAcquire()).toBe(true);
});

test.each([
  [0, 'bc'],
  [1, 'ac'],
  [2, 'ab'],
])(
  'who leaves the queue at place %i gives up his place and is not granted; the others keep their order',
  (at, left) => {
    const { machine, granted, queue } = full('abc');
    machine.leave(queue[at] as Waiter);
    machine.leave(queue[at] as Waiter);
    expect([machine.facts.queued, machine.inFlight]).toEqual([2, 2]);
    for (let slot = 0; slot < 4; slot++) machine.release();
    expect([granted.join(''), machine.isIdle]).toEqual([left, true]);
  },
);

test('abandoned work holds its slot until it ends', () => {
  const { machine, granted } = full('a');
  machine.abandon();
  expect([machine.abandoned, machine.inFlight, granted]).toEqual([1, 2, []]);
  machine.releaseAbandoned();
  expect([machine.abandoned, machine.inFlight, granted]).toEqual([0, 2, ['a']]);
});

test('where nobody is made to wait, places count as slots', () => {
  const machine = made(1, 2);
  expect([1, 2, 3, 4].map(() => machine.tryAcquireOrPlace())).toEqual([true, true, true, false]);
  machine.release();
  machine.release();
  expect([machine.inFlight, machine.tryAcquire()]).toEqual([1, false]);
});

describe('reconfigure', () => {
  test('more slots go to who is queued, at once and in order', () => {
    const { machine, granted } = full('abc');
    machine.reconfigure({ maxConcurrent: 4, maxQueue: 3 });
    expect([granted.join(''), machine.facts]).toEqual([
      'ab',
      { inFlight: 4, maxConcurrent: 4, queued: 1, maxQueue: 3 },
    ]);
  });

  test('with fewer slots nobody loses his, and none is handed on until there are few enough', () => {
    const { machine, granted } = full('a');
    machine.reconfigure({ maxConcurrent: 1, maxQueue: 0 });
    expect([machine.inFlight, machine.facts.queued]).toEqual([2, 1]);
    machine.release();
    expect([machine.inFlight, granted]).toEqual([1, []]);
    machine.release();
    expect([machine.inFlight, granted]).toEqual([1, ['a']]);
  });
});
