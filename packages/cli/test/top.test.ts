/** `holdfast top` as a person at a terminal has it. */
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { type FakeInspector, cacheStats, fakeInspector } from './support/fake-inspector.js';
import { type TerminalOptions, TerminalRun, pty } from './support/terminal.js';

const onTerminal = pty === undefined ? describe.skip : describe;
if (pty === undefined) console.warn('skipped: pseudo-terminals cannot be loaded on this machine');

let cli: BuiltCli;
let app: FakeInspector;
const open: TerminalRun[] = [];

beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  app = await fakeInspector();
});
afterEach(async () => {
  for (const each of open.splice(0)) {
    each.kill('SIGKILL');
    await each.exited;
  }
  await app.close();
});

const holdfast = (args: readonly string[], options: TerminalOptions = {}): TerminalRun => {
  const run = new TerminalRun(process.execPath, [cli.bin, ...args], {
    ...options,
    env: { ...app.env, ...options.env },
  });
  open.push(run);
  return run;
};

const ENTER = '\u001B[?1049h';
const SHOW_CURSOR = '\u001B[?25h';
const LEAVE = '\u001B[?1049l';

onTerminal('on a terminal', () => {
  test('shows a table that is renewed, on a screen of its own, with the busiest method first', async () => {
    const top = holdfast(['top', '--interval', '200ms']);
    await top.sees(/Payments\.charge/);
    expect(top.isOnOtherScreen).toBe(true);
    expect(top.screen[0]).toMatch(/^shop {2}· {2}degraded {2}· {2}hit rate 94\.0 %/);
    expect(top.screen[2]).toMatch(/^METHOD +CALLS/);
    expect(top.screen[3]).toMatch(/^Catalog\.product/);
    app.world.metrics = app.world.metrics.replace('1000', '5000');
    await top.sees(/Catalog\.product +5,000/);
    await top.sees(/PER S/);
    top.type('q');
    await top.exited;
  });

  test.each([
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
    ['Escape', '\u001B'],
  ])('%s leaves with exit code 0 and the terminal as it was', async (_, key) => {
    const top = holdfast(['top']);
    await top.sees(/q quits/);
    top.type(key);
    expect((await top.exited).exitCode).toBe(0);
    expect(top.isOnOtherScreen).toBe(false);
    expect(top.raw.indexOf(SHOW_CURSOR)).toBeGreaterThan(top.raw.indexOf(ENTER));
    expect(top.raw.trimEnd().endsWith(LEAVE)).toBe(true);
    expect(top.text).toBe('');
  });

  test.each([
    ['q twice', 'qq'],
    ['a key and q', 'xq'],
    ['Ctrl-C again and again', '\u0003\u0003\u0003'],
    ['an arrow and q', '\u001B[Aq'],
    ['Escape twice', '\u001B\u001B'],
  ])('keys that arrive together are read one by one: %s', async (_, keys) => {
    const top = holdfast(['top']);
    await top.sees(/q quits/);
    top.type(keys);
    expect((await top.exited).exitCode).toBe(0);
  });

  test('Ctrl-Z gives the terminal to the shell, and fg takes it again', async () => {
    const shell = new TerminalRun('/bin/bash', ['--norc', '-i'], { env: { ...app.env, PS1: 'shell> ' } });
    open.push(shell);
    await shell.sees(/shell>/);
    shell.type(`${process.execPath} ${cli.bin} top\r`);
    await shell.sees(/q quits/);
    shell.type('\u001A');
    await shell.sees(/Stopped/);
    expect(shell.isOnOtherScreen).toBe(false);
    expect(shell.raw.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(shell.raw.lastIndexOf(ENTER));
    shell.type('fg\r');
    await shell.sees(/q quits/);
    expect(shell.isOnOtherScreen).toBe(true);
    shell.type('q');
    await shell.sees(/Stopped[^]*shell>$/);
    shell.type('echo "exit code $?"\r');
    await shell.sees(/exit code 0/);
  });

  test('Ctrl-Z where no shell would continue it changes nothing', async () => {
    const top = holdfast(['top', '--interval', '200ms']);
    await top.sees(/q quits/);
    top.type('\u001A');
    app.world.metrics = app.world.metrics.replace('1000', '7000');
    await top.sees(/7,000[^]*q quits/);
    top.type('q');
    expect((await top.exited).exitCode).toBe(0);
  });

  test('other keys, arrows among them, change nothing', async () => {
    const top = holdfast(['top', '--interval', '200ms']);
    await top.sees(/q quits/);
    top.type('x\u001B[A');
    top.type('\u001B[B');
    app.world.metrics = app.world.metrics.replace('1000', '6000');
    await top.sees(/6,000/);
    top.type('q');
    expect((await top.exited).exitCode).toBe(0);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ])('%s gives the terminal back as well', async (signal, exitCode) => {
    const top = holdfast(['top']);
    await top.sees(/q quits/);
    top.kill(signal);
    expect((await top.exited).exitCode).toBe(exitCode);
    expect(top.raw).toContain(SHOW_CURSOR);
    expect(top.isOnOtherScreen).toBe(false);
  });

  test('a smaller terminal has fewer columns and says how many methods it does not show', async () => {
    const caches = Array.from({ length: 30 }, (_, index) => [`Service.method${index}`, cacheStats(index, 1)] as const);
    app.world.stats = { ...app.world.stats, caches: Object.fromEntries(caches) };
    const top = holdfast(['top'], { columns: 100, rows: 40 });
    await top.sees(/RETRIES/);
    expect(top.text).not.toContain('more');
    top.resize(40, 12);
    await top.sees(/… 2\d more/);
    expect(top.text).toMatch(/METHOD +CALLS/);
    expect(top.text).not.toContain('RETRIES');
    for (const line of top.screen) expect(line.length).toBeLessThanOrEqual(40);
    top.resize(100, 40);
    await top.sees(/RETRIES/);
  });

  test.each([
    [20, 6],
    [10, 3],
    [200, 50],
  ])('%i × %i cells are enough', async (columns, rows) => {
    const top = holdfast(['top'], { columns, rows });
    await top.sees(/^ME/m);
    expect(top.screen).toHaveLength(rows);
    expect(top.screen[0]).toMatch(/^shop/);
    top.type('q');
    expect((await top.exited).exitCode).toBe(0);
  });

  test('what is erased is what was there before, never the end of a line as wide as the terminal', async () => {
    const top = holdfast(['top', '--interval', '200ms'], { columns: 76, rows: 6 });
    await top.sees(/CIRCUIT$/m);
    // Some terminals keep the cursor on the last character of a full line, and erase that, too.
    expect(top.raw).toContain('\u001B[H\u001B[K');
    // eslint-disable-next-line no-control-regex
    expect(top.raw).not.toMatch(/(?<!\u001B\[H|\n)\u001B\[[JK]/);
  });

  test('a terminal that nothing fits into still has one line for each row', async () => {
    const top = holdfast(['top'], { columns: 8, rows: 9 });
    await top.sees(/^shop/);
    expect(top.screen[1]).toBe('');
    expect(top.screen[2]).toMatch(/^M/);
    expect(top.screen[3]).toMatch(/^C/);
    expect(top.screen[4]).toMatch(/^P/);
  });

  test('an application that goes away is told, and shown again when it is back', async () => {
    const top = holdfast(['top', '--interval', '200ms']);
    await top.sees(/q quits/);
    app.world.refusal = {
      status: 429,
      error: { code: 'TOO_MANY_REQUESTS', message: 'too many requests' },
      headers: { 'retry-after': '1' },
    };
    await top.sees(/too many requests; trying again/);
    expect(top.text).toContain('Catalog.product');
    app.world.refusal = undefined;
    await top.sees(/degraded[^]*\n\nMETHOD/);
    await app.close();
    await top.sees(/nothing listens there; trying again/);
  });

  test('one that was never there ends with 3, on the screen that was there', async () => {
    await app.close();
    const top = holdfast(['top']);
    expect((await top.exited).exitCode).toBe(3);
    expect(top.raw).not.toContain(ENTER);
    expect(top.text).toContain('nothing listens there');
  });

  test('--once, --json and TERM=dumb print it once', async () => {
    for (const [args, env] of [
      [['top', '--once'], {}],
      [['top'], { TERM: 'dumb' }],
      [['top', '--json'], {}],
    ] as const) {
      const top = holdfast(args, { env, rows: 60 });
      expect((await top.exited).exitCode).toBe(0);
      expect(top.raw).not.toContain(ENTER);
      expect(top.text).toContain('Payments.charge');
    }
  });

  test('colours are for terminals, unless NO_COLOR says no', async () => {
    const coloured = holdfast(['top', '--once']);
    await coloured.exited;
    expect(coloured.raw).toContain('\u001B[31mopen');
    const plain = holdfast(['top', '--once'], { env: { NO_COLOR: '1' } });
    await plain.exited;
    expect(plain.raw).not.toContain('\u001B[31m');
  });

  test('the token is in no argument that ps shows', async () => {
    const top = holdfast(['top']);
    await top.sees(/q quits/);
    const { readFileSync } = await import('node:fs');
    if (process.platform === 'linux') {
      const shown = readFileSync(`/proc/${top.pid}/cmdline`, 'utf8');
      expect(shown).toContain('top');
      expect(shown).not.toContain(app.env['HOLDFAST_INSPECTOR_TOKEN']);
    }
  });
});
