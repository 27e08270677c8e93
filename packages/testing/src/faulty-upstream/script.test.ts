import { Script } from './script.js';

const names = (script: Script, times: number[]): (string | undefined)[] =>
  times.map((time) => script.phaseAt(time)?.name);

test('a window holds from its beginning to just before its end', () => {
  const script = new Script([{ name: 'down', from: 10, to: 20, status: 500 }]);
  expect(names(script, [0, 10, 19.9, 20])).toEqual([undefined, 'down', 'down', undefined]);
});

test('where windows overlap, the one listed last is in force', () => {
  const script = new Script([
    { name: 'slow', from: 0, latency: 5 },
    { name: 'down', from: 10, to: 20, hang: true },
  ]);
  expect(names(script, [5, 15, 25])).toEqual(['slow', 'down', 'slow']);
});

test('the next boundary is the next beginning or end, and there is none after the last', () => {
  const script = new Script([
    { from: 0, hang: true },
    { from: 10, to: 20, reset: true },
  ]);
  expect([0, 10, 15, 20].map((time) => script.nextBoundary(time))).toEqual([10, 20, 20, undefined]);
});

test('a window is named after its fault, or its place in the script', () => {
  const script = new Script([
    { from: 0, to: 1, truncate: true },
    { from: 1, to: 2, retryAfter: 1 },
    { from: 2, latency: 5 },
  ]);
  expect(names(script, [0, 1, 2])).toEqual(['truncate', 'status 429', 'window 2']);
});

test('a window that is empty, begins before the start or outlasts a timer is refused', () => {
  expect(() => new Script([{ from: 10, to: 10 }])).toThrow(
    'script[0] must have 0 <= from < to <= 2147483647, got from 10 to 10',
  );
  expect(() => new Script([{ from: -1 }])).toThrow(RangeError);
  expect(() => new Script([{ from: Infinity }])).toThrow(RangeError);
  expect(() => new Script([{ from: 0, to: 2 ** 31 }])).toThrow(RangeError);
});
