import { SegmentedLru } from './segmented-lru.js';

/** Lists of the slots 0 to 9, of which the window may hold two. */
const filled = (share = 0.2): SegmentedLru => {
  const order = new SegmentedLru(10, share);
  for (let slot = 0; slot < 10; slot += 1) order.enter(slot);
  return order;
};
const sameFor = (): number => 1;

describe('the segmented order', () => {
  test('newcomers push each other out of the window into probation', () => {
    expect([...filled().weakestFirst()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(Array.from({ length: 10 }, (_, slot) => filled().isInMainRegion(slot))).toEqual([
      ...Array<boolean>(8).fill(true),
      false,
      false,
    ]);
  });

  test('what is used in probation is protected, up to four fifths of the main region', () => {
    const order = filled();
    for (const slot of [0, 1, 2, 3, 4, 5, 6]) order.use(slot);
    // Six are protected; the one protected longest is back on probation.
    expect([...order.weakestFirst()]).toEqual([7, 0, 8, 9, 1, 2, 3, 4, 5, 6]);
  });

  test('use within the window orders the window', () => {
    const order = filled();
    order.use(8);
    order.use(8);
    expect([...order.weakestFirst()].slice(-2)).toEqual([9, 8]);
  });

  test('the candidate has to be ahead by two: a tie by one is the use that brought it', () => {
    const order = filled();
    const frequency = (ofCandidate: number) => (slot: number) => (slot === 8 ? ofCandidate : 3);
    expect(order.victim(sameFor)).toBe(8);
    expect(order.victim(frequency(4))).toBe(8);
    expect(order.victim(frequency(5))).toBe(0);
    expect([order.isRefused(8), order.isRefused(0)]).toEqual([true, false]);
  });

  test('the candidate that wins enters the main region', () => {
    const order = filled();
    order.evict(0);
    expect(order.isInMainRegion(8)).toBe(true);
    expect([...order.weakestFirst()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    order.enter(0);
    expect([...order.weakestFirst()].slice(-2)).toEqual([9, 0]);
  });

  test('with a share of 1 the order is that of use alone', () => {
    const order = filled(1);
    order.use(0);
    expect([...order.weakestFirst()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
    expect([order.victim(sameFor), order.isRefused(1)]).toEqual([1, false]);
  });

  test('another share moves slots over a few at a time', () => {
    const order = new SegmentedLru(100, 1);
    for (let slot = 0; slot < 100; slot += 1) order.enter(slot);
    order.setWindow(0.01);
    const inMain = (): number =>
      Array.from({ length: 100 }, (_, slot) => slot).filter((slot) => order.isInMainRegion(slot)).length;
    expect(inMain()).toBe(0);
    order.leave(0);
    order.enter(0);
    expect(inMain()).toBe(8);
    for (let times = 0; times < 20; times += 1) {
      order.leave(0);
      order.enter(0);
    }
    expect(inMain()).toBe(99);
  });

  test('while the window has room, the main region shrinks for it', () => {
    const order = filled();
    order.setWindow(0.6);
    // However rarely the window's are used.
    expect(order.victim((slot) => (slot >= 8 ? 0 : 15))).toBe(0);
  });

  test('a capacity of one has a window and nothing else', () => {
    for (const share of [0.01, 1]) {
      const order = new SegmentedLru(1, share);
      order.enter(0);
      expect([order.victim(sameFor), order.isRefused(0)]).toEqual([0, false]);
      order.evict(0);
      expect([...order.weakestFirst()]).toEqual([]);
    }
  });
});
