import { type Catalog, CachedCatalog, PlainCatalog } from './catalog.js';
import { type Api, serve } from './api.js';
import { Database } from './database.js';
import { type Visit, pagesOf, shop } from './shoppers.js';

/** A part of the day, with what happens at its beginning. */
export interface Part {
  readonly name: string;
  readonly what: string;
  readonly mood: Database['mood'];
  /** Seconds. */
  readonly length: number;
}

export const PARTS: readonly Part[] = [
  { name: 'morning', what: 'all is well', mood: 'well', length: 2 },
  { name: 'noon', what: 'the database is slow', mood: 'slow', length: 1.5 },
  { name: 'afternoon', what: 'the database is gone', mood: 'gone', length: 2 },
  { name: 'evening', what: 'all is well again', mood: 'well', length: 1.5 },
];

export const PRICE_CHANGED = { id: 's0', to: 15 };

export interface PartOfShop {
  readonly visits: readonly Visit[];
  readonly queries: number;
}

export interface ShopsDay {
  readonly parts: readonly PartOfShop[];
  /** Queries for the opening crowd: a hundred requests for one page at once. */
  readonly queriesForCrowd: number;
  /** The price on the product's page and on its category's, right after it was changed. */
  readonly pricesSeen: readonly number[];
}

export const CROWD = 100;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

async function changePrice({ url }: Api): Promise<number[]> {
  const { id, to } = PRICE_CHANGED;
  await fetch(`${url}/products/${id}/price?to=${to}`, { method: 'PUT' });
  const product = (await json(`${url}/products/${id}`)) as { price: number };
  const category = (await json(`${url}/categories/shoes`)) as { id: string; price: number }[];
  return [product.price, category.find((each) => each.id === id)?.price ?? Number.NaN];
}

/** One shop from morning to evening, over HTTP, with a database of its own. */
async function openShop(make: (database: Database) => Catalog, pace: number): Promise<ShopsDay> {
  const database = new Database();
  const catalog = make(database);
  const api = await serve(catalog);
  try {
    await Promise.all(Array.from({ length: CROWD }, () => catalog.product('s0')));
    const queriesForCrowd = database.queries;
    await Promise.all([
      ...database.ids.map((id) => catalog.product(id)),
      ...database.categories.map((name) => catalog.category(name)),
    ]);
    let pricesSeen: number[] = [];
    const parts: PartOfShop[] = [];
    for (const [index, part] of PARTS.entries()) {
      const before = database.queries;
      database.mood = part.mood;
      const shoppers = shop(api.url, pagesOf(database.ids, database.categories, index + 1));
      await sleep((part.length * pace) / 2);
      if (part === PARTS[0]) pricesSeen = await changePrice(api);
      await sleep((part.length * pace) / 2);
      const visits = await shoppers.stop();
      parts.push({ visits, queries: database.queries - before });
    }
    return { parts, queriesForCrowd, pricesSeen };
  } finally {
    await api.close();
  }
}

export interface Day {
  readonly plain: ShopsDay;
  readonly cached: ShopsDay;
}

/** Two shops side by side. `pace`: milliseconds that a second of the day takes. */
export async function playDay(pace = 1000): Promise<Day> {
  const [plain, cached] = await Promise.all([
    openShop((database) => new PlainCatalog(database), pace),
    openShop((database) => new CachedCatalog(database), pace),
  ]);
  return { plain, cached };
}
