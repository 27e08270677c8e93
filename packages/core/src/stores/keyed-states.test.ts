import fc from 'fast-check';
import { KeyedStates } from './keyed-states.js';

interface State {
  readonly name: string;
  isBusy: boolean;
}

const made = (most: number, keepsBusy: boolean): KeyedStates<State> =>
  new KeyedStates<State>('Api.load', {
    most,
    keepsBusy,
    isIdle: ({ isBusy }) => !isBusy,
    create: (name) => ({ name, isBusy: false }),
  });

test('one state per key, named by a hash', () => {
  const states = made(10, true);
  expect(states.of('tenant')).toBe(states.of('tenant'));
  expect(states.of(1)).not.toBe(states.of('1'));
  expect(states.of('tenant').name).toMatch(/^Api\.load\[[\da-f]{14}\]$/);
});

test('of a full map an idle state goes, not a busy one, however old', () => {
  const states = made(3, true);
  const old = states.of('old');
  old.isBusy = true;
  for (let key = 0; key < 100; key++) states.of(key);
  expect([states.of('old') === old, states.size]).toEqual([true, 3]);
});

test('where all are busy, none goes or the oldest does', () => {
  for (const keepsBusy of [true, false]) {
    const states = made(3, keepsBusy);
    for (const key of ['a', 'b', 'c', 'd']) states.of(key).isBusy = true;
    expect(states.size).toBe(keepsBusy ? 4 : 3);
  }
});

test('a map that had to grow shrinks again with the next keys', () => {
  const states = made(3, true);
  const all = [...'abcdefgh'].map((key) => states.of(key));
  for (const state of all) state.isBusy = true;
  states.of('i').isBusy = true;
  for (const state of states.values()) state.isBusy = false;
  states.of('j');
  expect(states.size).toBe(3);
});

test('new terms hold for new keys', () => {
  const states = made(3, true);
  const before = states.of('a');
  states.use({ most: 1, keepsBusy: false, isIdle: () => true, create: () => ({ name: 'new', isBusy: false }) });
  expect([states.of('a'), states.of('b').name, states.size]).toEqual([before, 'new', 1]);
});

test('property: never more than the bound or what was busy at once, and never without a busy state that may not go', () => {
  const step = fc.record({ key: fc.nat({ max: 30 }), isBusy: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 200 }), (most, steps) => {
      const states = made(most, true);
      const known = new Map<number, State>();
      let mostBusy = 0;
      for (const { key, isBusy } of steps) {
        const state = states.of(key);
        if (known.get(key)?.isBusy === true) expect(known.get(key)).toBe(state);
        state.isBusy = isBusy;
        known.set(key, state);
        mostBusy = Math.max(mostBusy, [...known.values()].filter((each) => each.isBusy).length);
        expect(states.size).toBeLessThanOrEqual(Math.max(most, mostBusy + 1));
      }
    }),
  );
});
