import { virtualClock } from '../../../testing/src/index.js';
import { type DeadlineNode, DeadlineList, TimerPool } from '../../src/runtime/deadline-list.js';
import { SystemClock } from '../../src/runtime/system-clock.js';
import { LONGEST_TIMEOUT } from '../../src/runtime/system-timer.js';

class Node implements DeadlineNode {
  dueAt = 0;
  previous: DeadlineNode | undefined = undefined;
  next: DeadlineNode | undefined = undefined;
  constructor(readonly onDue: (now: number) => void = () => undefined) {}
}

describe('a list of deadlines', () => {
  test('has one timer for all waits, ref’d exactly while somebody waits', async () => {
    const clock = virtualClock();
    const list = new DeadlineList(clock, 100);
    const nodes = [new Node(), new Node(), new Node()];
    for (const node of nodes) list.add(node);
    expect([clock.pending, clock.refCount]).toEqual([1, 1]);
    for (const node of nodes) list.remove(node);
    expect([clock.pending, clock.refCount, list.isEmpty]).toEqual([1, 0, true]);
    list.add(nodes[0] as Node);
    expect([clock.pending, clock.refCount]).toEqual([1, 1]);
    list.remove(nodes[0] as Node);
    list.remove(nodes[0] as Node);
    await clock.advance(100);
    expect(clock.pending).toBe(0);
  });

  test('fires each node once, at its own time, in order', async () => {
    const clock = virtualClock();
    const list = new DeadlineList(clock, 100);
    const fired: string[] = [];
    const at = (name: string): Node => new Node((now) => fired.push(`${name} ${now}`));
    list.add(at('first'));
    await clock.advance(30);
    const removed = at('removed');
    list.add(removed);
    await clock.advance(30);
    list.add(at('last'));
    list.remove(removed);
    await clock.advance(1_000);
    expect(fired).toEqual(['first 100', 'last 160']);
    expect(clock.pending).toBe(0);
  });

  test('goes on when a node adds another one, or throws', async () => {
    const clock = virtualClock();
    const list = new DeadlineList(clock, 100);
    const fired: string[] = [];
    list.add(
      new Node(() => {
        list.add(new Node((now) => fired.push(`added ${now}`)));
        throw new Error('mine');
      }),
    );
    await clock.advance(50);
    list.add(new Node((now) => fired.push(`next ${now}`)));
    await expect(clock.advance(50)).rejects.toThrow('mine');
    await clock.advance(200);
    expect(fired).toEqual(['next 150', 'added 200']);
  });

  test('waits on when its timer fires early', () => {
    let now = 0;
    const timers: (() => void)[] = [];
    const delays: number[] = [];
    const clock = {
      now: () => now,
      wall: () => now,
      setTimer: (callback: () => void, delay: number) => {
        timers.push(callback);
        delays.push(delay);
        return { cancel: () => undefined, ref: () => undefined, unref: () => undefined };
      },
    };
    let fired = 0;
    const list = new DeadlineList(clock, 100);
    list.add(new Node(() => (fired += 1)));
    now = 99.7;
    timers[0]?.();
    expect([fired, delays]).toEqual([0, [100, 1]]);
    now = 100.7;
    timers[1]?.();
    expect([fired, delays.length]).toEqual([1, 2]);
  });

  test('is one per duration, and idle ones go first when there are very many', () => {
    const clock = virtualClock();
    const pool = new TimerPool(clock);
    expect(pool.of(5) === pool.of(5)).toBe(true);
    const busy = pool.of(7);
    busy.add(new Node());
    const idle = pool.of(8);
    for (let duration = 100; duration < 1_100; duration += 1) pool.of(duration);
    expect([pool.of(7) === busy, pool.of(8) === idle]).toEqual([true, false]);
  });
});

describe('the system’s clock', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('follows faked time, and real time again afterwards', () => {
    const clock = new SystemClock();
    const begin = clock.now();
    jest.advanceTimersByTime(3_600_000);
    expect(clock.now() - begin).toBe(3_600_000);
    jest.useRealTimers();
    const real = performance.now();
    expect(clock.now()).toBeGreaterThanOrEqual(real);
    expect(clock.now() - real).toBeLessThan(3_600_000);
  });

  test('splits waits beyond 2³¹−1 ms', () => {
    const clock = new SystemClock();
    let fired = 0;
    clock.setTimer(() => (fired += 1), LONGEST_TIMEOUT + 1_000);
    jest.advanceTimersByTime(LONGEST_TIMEOUT);
    expect(fired).toBe(0);
    jest.advanceTimersByTime(999);
    expect(fired).toBe(0);
    jest.advanceTimersByTime(1);
    expect(fired).toBe(1);
  });

  test('cancels in whatever part of such a wait', () => {
    const clock = new SystemClock();
    let fired = 0;
    const timer = clock.setTimer(() => (fired += 1), LONGEST_TIMEOUT * 2);
    jest.advanceTimersByTime(LONGEST_TIMEOUT + 5);
    timer.cancel();
    jest.advanceTimersByTime(LONGEST_TIMEOUT * 2);
    expect([fired, jest.getTimerCount()]).toEqual([0, 0]);
  });

  /** Stands in for `setTimeout`: tells what happens to the timers of the given delay. */
  const observeTimers = (delay: number): { readonly seen: string[]; readonly chunks: (() => void)[] } => {
    const seen: string[] = [];
    const chunks: (() => void)[] = [];
    const faked = globalThis.setTimeout;
    globalThis.setTimeout = ((callback: () => void, after: number) => {
      if (after !== delay) return faked(callback, after);
      chunks.push(callback);
      return { unref: () => seen.push('unref'), ref: () => seen.push('ref') };
    }) as unknown as typeof setTimeout;
    return { seen, chunks };
  };

  test('lets go of the process a millisecond after nobody waits for a timer any more', () => {
    const { seen } = observeTimers(30_000);
    const timer = new SystemClock().setTimer(() => undefined, 30_000);
    timer.unref();
    expect(seen).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(seen).toEqual(['unref']);
    timer.ref();
    expect(seen).toEqual(['unref', 'ref']);
    timer.unref();
    jest.advanceTimersByTime(1);
    expect(seen).toEqual(['unref', 'ref', 'unref']);
  });

  test('leaves a timer alone whose waits come and go within the millisecond', () => {
    const { seen } = observeTimers(30_000);
    const timer = new SystemClock().setTimer(() => undefined, 30_000);
    for (let n = 0; n < 3; n += 1) {
      timer.unref();
      timer.ref();
    }
    jest.advanceTimersByTime(1);
    expect(seen).toEqual([]);
    timer.unref();
    timer.unref();
    jest.advanceTimersByTime(1);
    expect(seen).toEqual(['unref']);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('keeps a part unref’d that follows an unref’d one, and ref’d again when asked', () => {
    const { seen, chunks } = observeTimers(LONGEST_TIMEOUT);
    const timer = new SystemClock().setTimer(() => undefined, LONGEST_TIMEOUT * 3);
    timer.unref();
    jest.advanceTimersByTime(1);
    chunks[0]?.();
    jest.advanceTimersByTime(1);
    timer.ref();
    chunks[1]?.();
    jest.advanceTimersByTime(1);
    expect(seen).toEqual(['unref', 'unref', 'ref']);
  });

  test('lets go of a timer although the tick meant for it was lost with faked time', () => {
    const { seen } = observeTimers(30_000);
    const clock = new SystemClock();
    const stranded = clock.setTimer(() => undefined, 30_000);
    stranded.unref();
    jest.useRealTimers();
    jest.useFakeTimers();
    const { seen: later } = observeTimers(20_000);
    clock.setTimer(() => undefined, 20_000).unref();
    jest.advanceTimersByTime(1);
    expect([seen, later]).toEqual([['unref'], ['unref']]);
  });

  test('reads time anew where a coarse reading was left over from faked time', () => {
    const clock = new SystemClock();
    clock.coarse();
    jest.advanceTimersByTime(1);
    clock.coarse();
    jest.useRealTimers();
    jest.useFakeTimers();
    const stale = clock.coarse();
    jest.advanceTimersByTime(1);
    expect(clock.coarse()).not.toBe(stale);
  });

  test('has timers that work where there is no ref and unref, as in a browser', () => {
    const real = globalThis.setTimeout;
    globalThis.setTimeout = (() => 7) as unknown as typeof setTimeout;
    const timer = new SystemClock().setTimer(() => undefined, 5);
    timer.unref();
    timer.ref();
    globalThis.setTimeout = real;
    timer.cancel();
  });

  test('keeps its coarse reading for a millisecond, by one timer that is armed only while someone reads', () => {
    const clock = new SystemClock();
    const first = clock.coarse();
    expect(clock.coarse()).toBe(first);
    jest.advanceTimersByTime(2);
    expect(clock.coarse()).toBe(first + 2);
    jest.advanceTimersByTime(2);
    expect(jest.getTimerCount()).toBe(0);
    expect([clock.now() >= first, Math.abs(clock.wall() - Date.now()) < 5]).toEqual([true, true]);
  });
});
