import { seededStream } from './seeded-random.js';

const take = (count: number, random: () => number): number[] => Array.from({ length: count }, random);

test('the same seed and name give the same numbers', () => {
  expect(take(20, seededStream(7, 'Api.load'))).toEqual(take(20, seededStream(7, 'Api.load')));
});

test.each([
  ['another seed', 8, 'Api.load'],
  ['another name', 7, 'Api.save'],
  ['no name', 7, ''],
])('%s gives others', (_what, seed, name) => {
  const numbers = take(20, seededStream(7, 'Api.load'));
  expect(take(20, seededStream(seed, name)).some((number) => numbers.includes(number))).toBe(false);
});

test('a zero is a seed as any other', () => {
  const numbers = take(1000, seededStream(0, ''));
  expect(new Set(numbers).size).toBe(1000);
});

test('the numbers are spread evenly from 0 to 1', () => {
  const numbers = take(100_000, seededStream(1, 'x'));
  expect(Math.min(...numbers.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers.slice(0, 50_000))).toBeLessThan(1);
  const tenths = new Array<number>(10).fill(0);
  for (const number of numbers) tenths[Math.floor(number * 10)]! += 1;
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  const rises = numbers.filter((number, index) => number > (numbers[index - 1] ?? 1)).length;
  expect(Math.abs(rises - 50_000)).toBeLessThan(1000);
});
