import { readFileSync } from 'node:fs';
import { runAfternoon } from './afternoon.js';
import type { Paint } from './paint.js';
import { report } from './report.js';
import { chooseScreen } from './screen.js';

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

/** The four lines, as they stand in the source. */
function decorators(): string[] {
  const source = readFileSync(new URL('../src/catalog.ts', import.meta.url), 'utf8');
  return source.split('\n').filter((line) => line.startsWith('  @'));
}

const intro = (length: number, paint: Paint): string[] => [
  '',
  paint.bold(`  Holdfast: an upstream has a bad afternoon, in ${length / 1000} seconds`),
  '',
  '  The same calls go at the same time through two clients: plain is a class that fetches,',
  '  decorated is that class with these lines above its method:',
  '',
  ...decorators().map((line) => `  ${line}`),
  '',
];

const outro = (paint: Paint): string[] => [
  '',
  paint.bold('  Read on'),
  '    examples/quickstart/src/catalog.ts    the two clients',
  '    docs/order.md                         what runs inside of what, whatever the order of the lines',
  '    docs/policies/                        a page for each decorator',
  '    docs/testing.md                       testing an outage in a millisecond',
  paint.bold('  Try'),
  '    npm test                              every promise of the README, checked',
  '    npm run quickstart -- 60              a longer afternoon',
  '    DEBUG=holdfast:circuit npm run quickstart',
  '',
];

const SECONDS = Number(process.argv[2] ?? 15);

if (SECONDS >= 1 && SECONDS <= 3600) {
  const screen = chooseScreen();
  print(intro(SECONDS * 1000, screen.paint));
  const afternoon = await runAfternoon({
    length: SECONDS * 1000,
    onProgress: (soFar) => screen.progress(soFar),
  });
  screen.finish(afternoon);
  print([...report(afternoon, screen.paint), ...outro(screen.paint)]);
} else {
  console.error('usage: npm run quickstart -- [seconds, 1 to 3600]');
  process.exitCode = 2;
}
