import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runAfternoon, type Afternoon } from '../src/afternoon.js';
import { callsOf } from '../src/load.js';
import { colours, noColours } from '../src/paint.js';
import { report } from '../src/report.js';
import { picture } from '../src/strip.js';
import { availability } from '../src/tally.js';

const LENGTH = 5_000;
const progress: number[] = [];
let afternoon: Afternoon;

/** A machine that stands still for longer than this makes both clients' timeouts elapse, which says nothing of either. */
const LONGEST_STANDSTILL = 150;
const MOST_AFTERNOONS = 10;

/** The first afternoon in which the machine kept pace; the last one, if it never did. */
async function undisturbedAfternoon(): Promise<Afternoon> {
  for (let n = 1; ; n += 1) {
    progress.length = 0;
    const standstills = monitorEventLoopDelay({ resolution: 10 });
    standstills.enable();
    const played = await runAfternoon({ length: LENGTH, onProgress: ({ elapsed }) => progress.push(elapsed) });
    standstills.disable();
    if (n === MOST_AFTERNOONS || standstills.max / 1e6 <= LONGEST_STANDSTILL) return played;
  }
}

beforeAll(async () => {
  afternoon = await undisturbedAfternoon();
}, 180_000);

const counted = (type: string): number => afternoon.events.filter((event) => event.type === type).length;

test('both clients get every call', () => {
  const { length } = callsOf(LENGTH, 1);
  expect([afternoon.plain.records.length, afternoon.decorated.records.length]).toEqual([length, length]);
});

test('the decorated client answers more, and asks far less', () => {
  const { plain, decorated } = afternoon;
  expect(availability(decorated.records)).toBeGreaterThan(availability(plain.records));
  expect(decorated.upstreamRequests).toBeLessThan(plain.upstreamRequests / 2);
});

test('every policy has something to do', () => {
  for (const type of ['cache.hit', 'cache.coalesced', 'cache.servedStale', 'circuit.opened', 'timeout.elapsed']) {
    expect({ type, isSeen: counted(type) > 0 }).toEqual({ type, isSeen: true });
  }
});

test('progress is told on the way', () => {
  expect(progress.length).toBeGreaterThan(2);
  expect(progress).toEqual([...progress].sort((one, other) => one - other));
});

test('the report says what happened, in lines that fit a terminal', () => {
  const lines = [...picture(afternoon, noColours), ...report(afternoon, noColours)];
  const text = lines.join('\n');
  expect(text).toContain('circuit opened after 5 failures in a row');
  expect(text).toContain('It is gone: connections are refused.');
  expect(text).not.toContain('\u001B');
  expect(lines.filter((line) => line.length > 92)).toEqual([]);
});

test('colours add nothing to the words', () => {
  const painted = [...picture(afternoon, colours), ...report(afternoon, colours)].join('\n');
  const plain = [...picture(afternoon, noColours), ...report(afternoon, noColours)].join('\n');
  // eslint-disable-next-line no-control-regex -- the codes are what is taken away
  expect(painted.replaceAll(/\u001B\[\d+m/g, '')).toBe(plain);
});

test('a seed repeats the calls', () => {
  expect(callsOf(LENGTH, 7)).toEqual(callsOf(LENGTH, 7));
  expect(callsOf(LENGTH, 7)).not.toEqual(callsOf(LENGTH, 8));
});
