import { type Day, CROWD, PARTS, PRICE_CHANGED, type PartOfShop } from './day.js';

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

export interface Figures {
  readonly pages: number;
  readonly failed: number;
  readonly median: number;
  readonly slowest: number;
  readonly queries: number;
}

/** `slowest` is the 99th percentile. */
export function figuresOf({ visits, queries }: PartOfShop): Figures {
  const times = visits.map(({ took }) => took).sort((one, other) => one - other);
  const failed = visits.filter(({ status }) => status !== 200).length;
  return { pages: visits.length, failed, median: quantile(times, 0.5), slowest: quantile(times, 0.99), queries };
}

const ms = (time: number): string => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;

const row = (shop: string, figures: Figures): string =>
  [
    `    ${shop.padEnd(8)}`,
    `${figures.pages}`.padStart(6),
    `${figures.failed}`.padStart(8),
    ms(figures.median).padStart(10),
    ms(figures.slowest).padStart(10),
    `${figures.queries}`.padStart(9),
  ].join('');

export const intro = (): string[] => [
  '',
  '  Holdfast: two shops, one day',
  '',
  '  Two small HTTP APIs with the same pages, each with a database of its own that answers in 12 to',
  '  20 ms. In one of them the methods that read are decorated: examples/storefront/src/catalog.ts.',
  '',
];

export function report({ plain, cached }: Day): string[] {
  const { id, to } = PRICE_CHANGED;
  const prices = (seen: readonly number[]): string => seen.join(' and ');
  const lines = [
    `  Doors open: ${CROWD} requests for one page at once`,
    `    plain    ${plain.queriesForCrowd} queries`,
    `    cached   ${cached.queriesForCrowd} ${cached.queriesForCrowd === 1 ? 'query' : 'queries'}`,
    '',
    `  A price changes to ${to} while people look at ${id}; on its page and in its category, right after it, stands`,
    `    plain    ${prices(plain.pricesSeen)}`,
    `    cached   ${prices(cached.pricesSeen)}`,
    '',
    '                 pages  failed    median       p99  queries',
  ];
  for (const [index, { name, what }] of PARTS.entries()) {
    lines.push(`  ${name}: ${what}`);
    lines.push(row('plain', figuresOf(plain.parts[index] as PartOfShop)));
    lines.push(row('cached', figuresOf(cached.parts[index] as PartOfShop)));
  }
  return lines;
}

export const outro = (): string[] => [
  '',
  '  The lines that do it: ttl and refreshAhead keep popular pages ready, softTimeout answers with what is',
  '  known while the database is slow, staleIfError while it is gone; tags make a change seen at once.',
  '  docs/policies/cached.md, docs/invalidation.md',
  '',
];
