/** Half the fleet of the example against half its back end: what the policies promise, in figures. */
import { FLEETS, type FleetName } from '../src/fleet.js';
import { plot } from '../src/plot.js';
import { report } from '../src/report.js';
import { SCENARIO, fractionOf } from '../src/scenario.js';
import { type Course, goodput, recoveryTime, simulate } from '../src/simulate.js';

const scenario = fractionOf(SCENARIO, 2);
const { demand, capacity, troubleFrom, troubleUntil, length } = scenario;
const names = Object.keys(FLEETS) as FleetName[];
const courses = new Map<FleetName, Course>();
const of = (name: FleetName): Course => courses.get(name) as Course;
const run = (name: FleetName, seed = 1): Promise<Course> => simulate(name, seed, scenario);

beforeAll(async () => {
  for (const name of names) courses.set(name, await run(name));
});

test.each(names)('%s: before the trouble all is well', (name) => {
  expect(goodput(of(name), 2, troubleFrom)).toBeGreaterThan(0.95 * demand);
});

test('with retries alone the collapse outlasts its cause: full speed, and not one answer in time', () => {
  expect(recoveryTime(of('retries alone'))).toBe(Infinity);
  expect(goodput(of('retries alone'), troubleUntil, length)).toBe(0);
  const last = of('retries alone').seconds.slice(-10);
  expect(Math.min(...last.map(({ answered }) => answered))).toBeGreaterThan(0.8 * capacity);
});

test('a retry budget lets the queue drain', () => {
  expect(recoveryTime(of('retry budget'))).toBeLessThanOrEqual(20);
});

test('the throttle lets the fleet recover within the 50 s that one client needs after a total outage', () => {
  expect(recoveryTime(of('adaptive throttle'))).toBeLessThanOrEqual(50);
});

test('an adaptive limit recovers at once, and keeps answering while the trouble lasts', () => {
  expect(recoveryTime(of('adaptive limit'))).toBeLessThanOrEqual(1);
  const possible = capacity / 4;
  expect(goodput(of('adaptive limit'), troubleFrom + 2, troubleUntil)).toBeGreaterThan(0.3 * possible);
  expect(goodput(of('retries alone'), troubleFrom + 2, troubleUntil)).toBeLessThan(0.05 * possible);
});

test('the policies together are no worse than the best of them', () => {
  expect(recoveryTime(of('all three'))).toBeLessThanOrEqual(1);
  const best = goodput(of('adaptive limit'), troubleFrom, length);
  expect(goodput(of('all three'), troubleFrom, length)).toBeGreaterThan(0.95 * best);
});

test.each([7, 8])('the order of the fleets does not hang on the seed (%i)', async (seed) => {
  const limited = await run('adaptive limit', seed);
  expect(recoveryTime(limited)).toBeLessThanOrEqual(1);
});

test('the same seed is the same course', async () => {
  expect(await run('adaptive limit')).toEqual(of('adaptive limit'));
});

test('the report fits a terminal and has no colours', () => {
  const lines = report(scenario, [...courses.values()]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(lines.join('')).not.toContain('\u001B');
  expect(lines.find((line) => line.includes('retries alone'))).toContain('never');
});

test('the picture has axes with units, and a curve per fleet that stays between them', () => {
  const picture = plot(scenario, [...courses.values()]);
  expect(picture.match(/<polyline/g)).toHaveLength(names.length);
  expect(picture).toContain('time in seconds');
  expect(picture).toContain('answers in time, per second');
  expect(picture).not.toMatch(/NaN|undefined|Infinity/);
  const heights = [...picture.matchAll(/[\d.]+,([\d.]+)/g)].map(([, height]) => Number(height));
  expect(Math.min(...heights)).toBeGreaterThan(60);
  expect(Math.max(...heights)).toBeLessThanOrEqual(420);
});
