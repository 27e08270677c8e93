/** docs/inspector.md says what the source says. */
import { type EventType, createRuntime } from '@holdfast/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventCounts } from '../src/metrics/event-counts.js';
import { Exposition, SeriesPlaces } from '../src/metrics/exposition.js';
import { writeCaches, writeCircuits, writeHealth, writeStats } from '../src/metrics/gauges.js';
import { ENVIRONMENT, PATHS } from '../src/protocol.js';
import { parseMetrics } from './prometheus.js';

const page = readFileSync(join(__dirname, '../../../docs/inspector.md'), 'utf8');

const rowsUnder = (heading: string): string[][] => {
  const section = page.split(`\n${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
};

const codeIn = (text: string): string[] => [...text.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code);

const optionsOf = (name: string): string[] => {
  const source = readFileSync(join(__dirname, '../src/server/settings.ts'), 'utf8');
  const [, body = ''] = new RegExp(`export interface ${name} \\{\\n(.*?)\\n\\}`, 's').exec(source) ?? [];
  return [...body.matchAll(/^ {2}readonly (\w+)\?/gm)].map(([, option = '']) => option);
};

test('every option has its row, and every limit its default', () => {
  const rows = rowsUnder('## Options');
  const named = rows.map(([first = '']) => codeIn(first)[0] ?? '');
  expect(named.filter((name) => !name.startsWith('HOLDFAST_'))).toEqual(optionsOf('InspectorOptions'));
  expect(named.filter((name) => name.startsWith('HOLDFAST_'))).toEqual(Object.values(ENVIRONMENT));
  const limits = rows.find(([first]) => first === '`limits`')?.[2] ?? '';
  expect(codeIn(limits).sort()).toEqual(optionsOf('InspectorLimits').sort());
});

test('every address has its row', () => {
  const rows = rowsUnder('## Ask it').map(([first = '']) => codeIn(first)[0]?.split(' ')[1]);
  expect(new Set(rows)).toEqual(new Set(Object.values(PATHS)));
});

/** Text that has every family there is. */
const everything = (): string => {
  const runtime = createRuntime({ logger: false });
  const bus = runtime.events as unknown as { emit(type: EventType, method: string, facts: object): void };
  const counts = new EventCounts(runtime.events, 100);
  for (const type of ['call.succeeded', 'call.failed'] as const) bus.emit(type, 'm', { durationMs: 1, attempts: 1 });
  for (const type of ['retry.scheduled', 'retry.exhausted', 'circuit.rejected', 'fallback.applied'] as const)
    bus.emit(type, 'm', {});
  for (const type of ['cache.refreshFailed', 'cache.storeFailed'] as const) bus.emit(type, 'm', {});
  bus.emit('timeout.elapsed', 'm', { scope: 'total', timeout: 1 });
  bus.emit('cache.servedStale', 'm', { reason: 'error' });
  bus.emit('circuit.opened', 'm', { circuit: 'c' });
  bus.emit('store.opened', 'm', { store: 's' });
  bus.emit('budget.exhausted', 'm', { budget: 'b' });
  const stats = runtime.stats().total;
  const out = new Exposition(new SeriesPlaces(1_000));
  counts.writeTo(out);
  counts.writeDurationsTo(out);
  out.gauge({ name: 'holdfast_info', help: 'x' }, [{ labels: {}, value: 1 }]);
  writeHealth(out, {
    ...runtime.health(),
    circuits: { c: { state: 'open', failureCount: 1 } },
    budgets: { b: { available: 1, isExhausted: false, ratio: 1, minPerSecond: 1 } },
    bulkheads: { b: { inFlight: 0, maxConcurrent: 1, queued: 0, maxQueue: 0, abandoned: 0, rejected: 0 } },
    concurrencyLimits: { l: { limit: 1, inFlight: 0 } },
    throttles: { t: { requests: 0, acceptanceRate: 1, rejectionRate: 0 } },
  });
  writeCaches(out, 'holdfast_cache', [{ labels: { cache: 'c' }, stats }]);
  writeCaches(out, 'holdfast_provider', [{ labels: { provider: 'p' }, stats }]);
  writeCircuits(out, 'holdfast_provider_circuit_state', [{ labels: { provider: 'p' }, value: 0 }]);
  writeStats(out, {
    ...runtime.stats(),
    hedges: { m: { launched: 0, won: 0, suppressed: 0 } },
    rateLimits: { l: { limit: 1, interval: 1, available: 1, waiting: 0, rejected: 0 } },
  });
  return out.text;
};

test('every metric has its row, and alerts are about metrics that there are', () => {
  const families = [...parseMetrics(everything()).keys()].sort();
  const rows = rowsUnder('## Metrics').flatMap(([first = '']) => codeIn(first));
  expect(rows.sort()).toEqual(families);
  const alerts = [...page.matchAll(/\b(holdfast_\w+)(?=[{[ )])/g)].map(([, name = '']) => name);
  expect(alerts.length).toBeGreaterThan(5);
  expect(alerts.filter((name) => !families.includes(name))).toEqual([]);
});
