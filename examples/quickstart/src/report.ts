import type { EventType } from '@holdfast/core';
import type { Afternoon, Side } from './afternoon.js';
import type { Paint } from './paint.js';
import { tell } from './story.js';
import { availability, percentile, promptness, type CallRecord } from './tally.js';

const count = (number: number): string => number.toLocaleString('en-US');
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const milliseconds = (ms: number): string =>
  Number.isNaN(ms) ? '–' : `${ms < 10 ? ms.toFixed(1) : count(Math.round(ms))} ms`;

const LABEL = 38;
const COLUMN = 14;

const row = (label: string, ...cells: readonly string[]): string =>
  `  ${label.padEnd(LABEL)}${cells.map((cell) => cell.padStart(COLUMN)).join('')}`;

/** One figure of both sides. */
const both = ({ plain, decorated }: Afternoon, figure: (side: Side) => string): [string, string] => [
  figure(plain),
  figure(decorated),
];

const ofRecords =
  (figure: (records: readonly CallRecord[]) => number, show: (value: number) => string) => (side: Side) =>
    show(figure(side.records));

function openingsOf({ events, startedAt }: Afternoon): string {
  const openings = events.filter(({ type }) => type === 'circuit.opened');
  const [first] = openings;
  return first === undefined ? 'never' : `${((first.at - startedAt) / 1000).toFixed(1)} s`;
}

/** How old the oldest answer was that somebody got. */
function oldestOf({ events }: Afternoon): string {
  const ages = events.map((event) => (event.type === 'cache.servedStale' ? event.age : 0));
  return `${(Math.max(0, ...ages) / 1000).toFixed(1)} s`;
}

function table(afternoon: Afternoon, paint: Paint): string[] {
  const counted = (type: EventType): string => count(afternoon.events.filter((event) => event.type === type).length);
  return [
    paint.bold(row('', 'plain', 'decorated')),
    row('calls answered', ...both(afternoon, ofRecords(availability, percent))),
    row('calls answered within a second', ...both(afternoon, ofRecords(promptness, percent))),
    row(
      'half of the answers came within',
      ...both(
        afternoon,
        ofRecords((all) => percentile(all, 0.5), milliseconds),
      ),
    ),
    row(
      '99 of 100 answers came within',
      ...both(
        afternoon,
        ofRecords((all) => percentile(all, 0.99), milliseconds),
      ),
    ),
    row('requests that reached the upstream', ...both(afternoon, ({ upstreamRequests }) => count(upstreamRequests))),
    row('cache hits', '–', counted('cache.hit')),
    row('stale answers served', '–', counted('cache.servedStale')),
    row('age of the oldest answer served', '–', oldestOf(afternoon)),
    row('calls that joined a running request', '–', counted('cache.coalesced')),
    row('retries', '–', counted('retry.scheduled')),
    row('circuit first opened at', '–', openingsOf(afternoon)),
  ];
}

function story(afternoon: Afternoon, paint: Paint): string[] {
  const heading = `  ${''.padEnd(9)}${'answered within a second:'.padEnd(42)}plain decorated`;
  const lines = tell(afternoon).map(({ at, text, opensAct }) => {
    const time = `${(at / 1000).toFixed(1)} s`.padStart(6);
    return opensAct ? paint.bold(`  ${time}  ${text}`) : `  ${paint.dim(time)}    ${text}`;
  });
  return [paint.dim(heading), ...lines];
}

/** One sentence for who reads only one. */
function verdict({ plain, decorated }: Afternoon): string {
  const failed = ({ records }: Side): number => records.filter(({ isAnswered }) => !isAnswered).length;
  const lost = failed(decorated) === 0 ? 'none' : count(failed(decorated));
  const times = Math.round(plain.upstreamRequests / Math.max(1, decorated.upstreamRequests));
  return (
    `  Of ${count(plain.records.length)} calls plain lost ${count(failed(plain))}, decorated ${lost}, ` +
    `with one request where plain sent ${times}.`
  );
}

/** What follows the picture: the verdict, the figures, the story. */
export const report = (afternoon: Afternoon, paint: Paint): string[] => [
  '',
  paint.bold(verdict(afternoon)),
  '',
  ...table(afternoon, paint),
  '',
  ...story(afternoon, paint),
];
