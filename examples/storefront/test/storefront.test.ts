import { configure } from '@holdfast/core';
import { CROWD, type Day, PARTS, type PartOfShop, PRICE_CHANGED, playDay } from '../src/day.js';
import { figuresOf, intro, outro, report } from '../src/report.js';

let day: Day;

beforeAll(async () => {
  configure({ logger: false });
  day = await playDay(700);
}, 60_000);

const part = (shop: 'plain' | 'cached', name: string): PartOfShop =>
  day[shop].parts[PARTS.findIndex((each) => each.name === name)] as PartOfShop;
const failed = (shop: 'plain' | 'cached', name: string): number => figuresOf(part(shop, name)).failed;

test('a crowd on one page costs one query', () => {
  expect([day.plain.queriesForCrowd, day.cached.queriesForCrowd]).toEqual([CROWD, 1]);
});

test('a changed price is seen at once, on every page that shows it', () => {
  const { to } = PRICE_CHANGED;
  expect([day.plain.pricesSeen, day.cached.pricesSeen]).toEqual([
    [to, to],
    [to, to],
  ]);
});

test('no page fails while the database is slow or gone, where all of them fail without', () => {
  expect(PARTS.map(({ name }) => failed('cached', name))).toEqual([0, 0, 0, 0]);
  expect(failed('plain', 'afternoon')).toBe(part('plain', 'afternoon').visits.length);
});

test('the database has less to do all day, and is left alone while it is gone', () => {
  for (const { name } of PARTS) expect(part('cached', name).queries).toBeLessThan(part('plain', name).queries);
  expect(part('cached', 'afternoon').queries).toBeLessThan(part('plain', 'afternoon').queries / 2);
});

test('the report says it in lines that fit a terminal', () => {
  const lines = [...intro(), ...report(day), ...outro()];
  expect(lines.filter((line) => line.length > 110)).toEqual([]);
  expect(lines.join('\n')).toMatch(/cached +1 query/);
});
