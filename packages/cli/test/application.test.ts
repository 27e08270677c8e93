/** The command line and the inspector of an application that runs: this process is the application. */
import { resetConfiguration } from '@holdfast/core';
import { type Inspector, startInspector } from '@holdfast/inspector';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Shop, openShop } from './fixtures/shop.js';
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { type Finished, runProgram } from './support/run.js';

const TOKEN = 'f00d'.repeat(16);

let cli: BuiltCli;
let shop: Shop;
let inspector: Inspector;

beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  shop = openShop();
  inspector = await startInspector({ name: 'shop', token: TOKEN });
  await shop.trade(100);
});
afterEach(async () => {
  await inspector.close();
  resetConfiguration();
});

const holdfast = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  runProgram(process.execPath, [cli.bin, ...args], {
    env: { HOLDFAST_INSPECTOR_URL: inspector.url, HOLDFAST_INSPECTOR_TOKEN: TOKEN, ...env },
  });

const json = async <Document>(...args: string[]): Promise<Document> => {
  const { code, stdout, stderr } = await holdfast([...args, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Document;
};

test('top knows calls, hit rates, failures, retries, stale answers and circuits, method by method', async () => {
  interface Row {
    readonly name: string;
    readonly calls: number;
    readonly hitRate?: number;
    readonly failures: number;
    readonly retries: number;
    readonly staleAnswers: number;
    readonly circuit?: string;
  }
  const { rows, status } = await json<{ rows: Row[]; status: string }>('top');
  const row = (name: string): Row => rows.find((each) => each.name === name) as Row;
  expect(rows.map(({ name }) => name)).toEqual(['Catalog.product', 'Search.find', 'Payments.charge', 'Mail.send']);
  expect(row('Catalog.product')).toMatchObject({ calls: 400, failures: 0 });
  expect(row('Catalog.product').hitRate).toBeGreaterThan(0.5);
  expect(row('Catalog.product').retries).toBeGreaterThan(0);
  expect(row('Search.find').calls).toBe(100);
  expect(row('Payments.charge')).toMatchObject({ calls: 33, circuit: 'open' });
  expect(row('Payments.charge').failures).toBe(20);
  expect(row('Payments.charge').retries).toBeGreaterThan(0);
  expect(row('Mail.send').calls).toBeGreaterThan(10);
  expect(status).toBe('degraded');
});

test('cache status, clear by method, by tag and all', async () => {
  interface Status {
    readonly caches: readonly { readonly name: string; readonly stats: { readonly size: number } }[];
  }
  const sizes = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await json<Status>('cache', 'status')).caches.map(({ name, stats }) => [name, stats.size]));
  const before = await sizes();
  expect(before['Catalog.product']).toBeGreaterThan(20);
  await json('cache', 'clear', '--tag', 'product:0');
  expect((await sizes())['Catalog.product']).toBe((before['Catalog.product'] as number) - 1);
  await json('cache', 'clear', '--method', 'Catalog.product');
  expect(await sizes()).toMatchObject({ 'Catalog.product': 0, 'Search.find': before['Search.find'] });
  await json('cache', 'clear');
  expect(await sizes()).toEqual({ 'Catalog.product': 0, 'Search.find': 0 });
});

test('a name that nothing has is answered with those there are', async () => {
  const { code, stderr } = await holdfast(['cache', 'clear', '--method', 'Catalog.prodct']);
  expect(stderr).toContain('Catalog.product');
  expect(code).toBe(1);
});

test('a provider that the application does not have ends with 1', async () => {
  expect((await holdfast(['cache', 'clear', '--provider', 'vault'])).code).toBe(1);
});

test('explain --app shows the stacks as they run', async () => {
  const { code, stdout } = await holdfast(['explain', '--app', '--method', 'Payments.charge']);
  expect(stdout).toMatch(/^Payments\.charge \(async\) {2}worst case [^\n]+ · up to 2 runs per call\n/);
  expect(stdout).toMatch(/ {4}circuit-breaker .*\[open\]\n/);
  expect(code).toBe(0);
});

test('info shows the application', async () => {
  const { stdout } = await holdfast(['info']);
  expect(stdout).toContain(`name       shop, pid ${process.pid}`);
  expect(stdout).toMatch(/hit rate {3}[\d.]+ % of 500 look-ups/);
  expect(stdout).toMatch(/Payments\.charge +open/);
});

test('a wrong token is refused, and said to be wrong', async () => {
  const { code, stderr } = await holdfast(['top'], { HOLDFAST_INSPECTOR_TOKEN: 'beef'.repeat(16) });
  expect(stderr).toContain('give the token');
  expect(code).toBe(2);
});

(process.platform === 'win32' ? test.skip : test)('a unix socket is as good', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  const socketPath = join(folder, 'shop.sock');
  const other = await startInspector({ name: 'shop', token: TOKEN, socketPath });
  try {
    const { code, stdout, stderr } = await holdfast(['cache', 'status', '--socket', socketPath]);
    expect(stderr).toBe('');
    expect(stdout).toContain('Catalog.product');
    expect(code).toBe(0);
  } finally {
    await other.close();
    rmSync(folder, { recursive: true });
  }
});
