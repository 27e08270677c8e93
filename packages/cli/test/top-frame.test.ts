import { frameOf, pageOf } from '../src/top/frame.js';
import { type Look, lookOf, withRates } from '../src/top/look.js';
import { samplesOf } from '../src/top/samples.js';
import { talliesOf } from '../src/top/tallies.js';
import { widthOf } from '../src/terminal/text.js';
import { themeOf } from '../src/terminal/theme.js';
import { shop } from './support/fake-inspector.js';

const at = Date.parse('2026-01-02T03:05:05.000Z');
const theme = themeOf({}, { LANG: 'C.UTF-8' });
const look = (): Look => lookOf(shop(), at);

test('samples have their labels unescaped; other lines are passed over', () => {
  expect(
    samplesOf(
      '# HELP a b\na{method="A\\"b\\\\c\\n",outcome="x"} 1.5 1700000000000\n\nb +Inf\nnot a sample at all\nc{} NaN\n',
    ),
  ).toEqual([
    { name: 'a', labels: { method: 'A"b\\c\n', outcome: 'x' }, value: 1.5 },
    { name: 'b', labels: {}, value: Infinity },
    { name: 'c', labels: {}, value: Number.NaN },
  ]);
});

test('names with other ends of lines in them are names', () => {
  const names = ['a\rb', 'c\u2028d', 'e\\\rf'];
  const text = names.map((name) => `a{method="${name.replaceAll('\\', '\\\\')}"} 1\n`).join('');
  expect(samplesOf(text).map(({ labels }) => labels['method'])).toEqual(names);
});

test('whatever is not a success is a failure, and all outcomes together are the calls', () => {
  const text = ['succeeded', 'failed', 'rejected', 'timed_out']
    .map((outcome, index) => `holdfast_calls_total{method="A.b",outcome="${outcome}"} ${10 ** index}`)
    .join('\n');
  expect(talliesOf(text).get('A.b')).toEqual({ calls: 1_111, failures: 1_110, retries: 0, staleAnswers: 0 });
  expect(talliesOf('holdfast_calls_total{method="A.b",outcome="failed"} NaN').size).toBe(0);
});

test('the busiest comes first, those without calls by name', () => {
  const world = shop();
  world.health = {
    ...world.health,
    circuits: {
      ...world.health.circuits,
      'b circuit': { state: 'closed', failureCount: 0 },
      'a circuit': { state: 'half-open', failureCount: 0 },
    },
  };
  expect(lookOf(world, at).rows.map(({ name }) => name)).toEqual([
    'Catalog.product',
    'Payments.charge',
    'a circuit',
    'b circuit',
  ]);
});

test('a method that is called like a property of every object is no trouble', () => {
  const world = shop();
  world.metrics = 'holdfast_calls_total{method="constructor",outcome="succeeded"} 5\n';
  expect(lookOf(world, at).rows).toContainEqual({
    name: 'constructor',
    calls: 5,
    failures: 0,
    retries: 0,
    staleAnswers: 0,
    inFlight: 0,
  });
});

describe('calls per second', () => {
  const later = (more: number, pid = 4242): Look => {
    const before = look();
    const rows = before.rows.map((row) => ({ ...row, calls: row.calls + more }));
    return { ...before, at: at + 2_000, app: { ...before.app, pid }, rows };
  };

  test('are counted between two looks', () => {
    expect(withRates(later(20), look()).rows[0]?.callsPerSecond).toBe(10);
  });

  test('are unknown at first, in another process, and after counts began anew', () => {
    expect(withRates(look(), undefined).rows[0]?.callsPerSecond).toBeUndefined();
    expect(withRates(later(20, 1), look()).rows[0]?.callsPerSecond).toBeUndefined();
    expect(withRates(later(-20), look()).rows[0]?.callsPerSecond).toBeUndefined();
  });
});

test('a page', () => {
  expect(pageOf(look(), theme)).toEqual([
    'shop  ·  degraded  ·  hit rate 94.0 %  ·  1,000 look-ups  ·  3 under way  ·  watched for 1 m  ·  pid 4242',
    '',
    'METHOD           CALLS  HIT RATE  FAILED  RETRIES  STALE  UNDER WAY  CIRCUIT',
    'Catalog.product  1,000    94.0 %       0        0      0          0  closed',
    'Payments.charge     30         –      20       40      0          3  open',
  ]);
});

test('an application that has done nothing yet', () => {
  const world = shop();
  const idle = lookOf(
    {
      ...world,
      stats: { ...world.stats, caches: {}, inFlight: {} },
      health: { ...world.health, circuits: {} },
      metrics: '',
    },
    at,
  );
  expect(pageOf(idle, theme)).toContain('No method was called yet.');
});

test.each([
  [120, 40],
  [80, 24],
  [40, 8],
  [20, 4],
  [5, 2],
])('a frame fits into %i × %i cells', (columns, rows) => {
  const all = Array.from({ length: 100 }, (_, index) => ({ ...look().rows[0]!, name: `Service.method${index}` }));
  const frame = frameOf(
    { look: { ...look(), rows: all }, rows, interval: 1_000, problem: 'x'.repeat(200) },
    { ...theme, columns },
  );
  expect(frame.length).toBeLessThanOrEqual(rows);
  if (columns >= 20) for (const line of frame) expect(widthOf(line)).toBeLessThanOrEqual(columns);
});
