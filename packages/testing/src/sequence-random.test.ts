import { sequenceRandom } from './sequence-random.js';

test('the values come in order and then again', () => {
  const random = sequenceRandom([0, 0.5, 0.999]);
  expect([random(), random(), random(), random()]).toEqual([0, 0.5, 0.999, 0]);
});

test('values outside [0, 1) and empty lists are refused', () => {
  expect(() => sequenceRandom([0.5, 1])).toThrow(new RangeError('sequenceRandom: values lie in [0, 1), got 1'));
  expect(() => sequenceRandom([NaN])).toThrow(RangeError);
  expect(() => sequenceRandom([])).toThrow('at least one value');
});
