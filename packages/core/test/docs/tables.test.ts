/** The tables of the documentation say what the source says. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { environmentVariables } from '../../src/environment.js';
import { VERDICTS } from '../../src/errors/classify.js';
import { EVENT_TYPES } from '../../src/events/event.js';
import { PRESETS, type Preset } from '../../src/presets.js';
import { ROOT, codeIn, pages, read, tableUnder } from './markdown.js';

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, read(`packages/core/src/${file}`), ts.ScriptTarget.ES2022, true);

interface Option {
  readonly name: string;
  /** What its comment calls the default, where that is one literal. */
  readonly literal: string | undefined;
}

const LITERAL = /\bDefault:? ('[^']*'|\d+(?:\.\d+)?|true|false)(?=[.:; )]|$)/;

const optionsOf = (file: string, name: string): Option[] => {
  const found = parse(file).statements.find((each) => ts.isInterfaceDeclaration(each) && each.name.text === name);
  if (found === undefined) throw new Error(`${file} has no interface ${name}`);
  return (found as ts.InterfaceDeclaration).members.map((member) => ({
    name: member.name?.getText() ?? '',
    literal: LITERAL.exec(member.getFullText())?.[1],
  }));
};

const page = (policy: string): string => `docs/policies/${policy}.md`;

test.each([
  [page('cached'), 'policies/cached/options.ts', 'CachedOptions'],
  ['docs/many.md', 'policies/cached/many/options.ts', 'CachedManyOptions'],
  [page('retry'), 'policies/retry/options.ts', 'RetryOptions'],
  [page('circuit-breaker'), 'policies/circuit-breaker/options.ts', 'CircuitBreakerOptions'],
  [page('hedge'), 'policies/hedge/options.ts', 'HedgeOptions'],
  [page('rate-limit'), 'policies/rate-limit/options.ts', 'RateLimitOptions'],
  [page('bulkhead'), 'policies/bulkhead/options.ts', 'BulkheadOptions'],
  [page('adaptive-throttle'), 'policies/adaptive-throttle/options.ts', 'AdaptiveThrottleOptions'],
  [page('adaptive-concurrency'), 'policies/adaptive-concurrency/options.ts', 'AdaptiveConcurrencyOptions'],
  [page('chaos'), 'policies/chaos/options.ts', 'ChaosOptions'],
  [page('timeout'), 'policies/timeout/options.ts', 'TimeoutOptions'],
  [page('invalidates'), 'policies/invalidates/options.ts', 'InvalidatesOptions'],
])('%s has every option, with its default', (file, source, name) => {
  const rows = tableUnder(file, '## Options');
  const options = optionsOf(source, name);
  expect(new Set(rows.map(([option]) => codeIn(option as string)[0]))).toEqual(
    new Set(options.map((each) => each.name)),
  );
  for (const { name: option, literal } of options.filter((each) => each.literal !== undefined)) {
    const row = rows.find(([cell]) => cell === `\`${option}\``) as string[];
    expect([option, codeIn(row[1] as string)[0]]).toEqual([option, literal]);
  }
});

test('docs/policies/fallback.md has every option', () => {
  const options = optionsOf('policies/fallback/options.ts', 'FallbackOptions').map(({ name }) => name);
  const rows = tableUnder('docs/policies/fallback.md', '## Options').flatMap(([cell]) => codeIn(cell as string));
  expect(rows.sort()).toEqual(options.sort());
});

test('docs/configuration.md has every option of configure', () => {
  const options = optionsOf('configure.ts', 'Configuration').map(({ name }) => name);
  const rows = tableUnder('docs/configuration.md', '## Options of configure').map(
    ([cell]) => codeIn(cell as string)[0],
  );
  expect(new Set(rows)).toEqual(new Set(options));
});

test('docs/stores.md has every option of a guard, with its default', () => {
  const rows = tableUnder('docs/stores.md', '## The guard').map((cells) => cells.map((cell) => codeIn(cell)[0]));
  const options = optionsOf('direct/store-guard-options.ts', 'StoreGuardOptions');
  expect(rows.map(([option]) => option)).toEqual(options.map(({ name }) => name));
  for (const { name, literal } of options.filter((each) => each.literal !== undefined))
    expect([name, rows.find(([option]) => option === name)?.[1]]).toEqual([name, literal]);
});

const written = (options: object | false | undefined): string =>
  options === undefined || options === false
    ? String(options)
    : Object.entries(options)
        .map(([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}`)
        .join(', ');

test('docs/configuration.md has every preset with its figures', () => {
  const rows = tableUnder('docs/configuration.md', '### Presets').map((cells) => cells.map((cell) => codeIn(cell)));
  const figures = Object.entries<Preset>(PRESETS).map(([name, preset]) => [
    [`'${name}'`],
    [written(preset.timeout)],
    [written(preset.retry)],
    [written(preset.circuitBreaker)],
    [preset.bulkhead, preset.rateLimit, preset.defaults?.cache].filter((each) => each !== undefined).map(written),
  ]);
  expect(rows).toEqual(figures);
});

test('docs/configuration.md has every environment variable', () => {
  const rows = tableUnder('docs/configuration.md', '## The environment').map(([name, sets]) => [
    codeIn(name as string)[0],
    codeIn(sets as string)[0],
  ]);
  expect(rows).toEqual([
    ...environmentVariables().map(({ name, sets }) => [name, sets]),
    ['HOLDFAST_ENABLED', 'enabled'],
    ['HOLDFAST_LOG_LEVEL', 'logLevel'],
  ]);
});

/** The facts of each event, as the union of all events has them. */
const factsByType = (): Map<string, string[]> => {
  const facts = new Map<string, string[]>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeReferenceNode(node) && node.typeName.getText() === 'Fact') {
      const [type, shape] = node.typeArguments ?? [];
      const members = shape !== undefined && ts.isTypeLiteralNode(shape) ? [...shape.members] : [];
      facts.set(
        (type as ts.TypeNode).getText().slice(1, -1),
        members.map((member) => member.name?.getText() ?? ''),
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(parse('events/event.ts'));
  return facts;
};

test('docs/events.md has every event with its facts, in order', () => {
  const rows = tableUnder('docs/events.md', '## All of them');
  expect(rows.map(([type]) => codeIn(type as string)[0])).toEqual([...EVENT_TYPES]);
  const facts = factsByType();
  for (const [type, , told] of rows) {
    const name = codeIn(type as string)[0] as string;
    const names = codeIn(told as string).filter((code) => !code.startsWith("'"));
    expect([name, names.sort()]).toEqual([name, (facts.get(name) ?? []).sort()]);
  }
});

test('the pages name only events that exist', () => {
  const families = new Set(EVENT_TYPES.map((type) => type.slice(0, type.indexOf('.'))));
  for (const file of pages.filter((each) => each.startsWith('docs/'))) {
    const named = codeIn(read(file)).filter((code) => /^[a-z]+\.[a-zA-Z]+$/.test(code));
    const events = named.filter((code) => families.has(code.slice(0, code.indexOf('.'))));
    const options = new Set(['cache.stats', ...environmentVariables().map(({ sets }) => sets)]);
    const unknown = events.filter((code) => !(EVENT_TYPES as readonly string[]).includes(code) && !options.has(code));
    expect([file, unknown]).toEqual([file, []]);
  }
});

test('docs/errors.md has the table of errors', () => {
  const rows = tableUnder('docs/errors.md', '## The one table').map(([name, , retried, counts, stale, fallback]) => [
    name,
    {
      retry: retried === 'yes',
      breaker: counts === 'nothing' ? 'neutral' : counts,
      stale: stale === 'yes',
      dropsEntry: stale?.endsWith('entry dropped') === true,
      fallback: fallback === 'yes',
    },
  ]);
  expect(Object.fromEntries(rows)).toEqual(VERDICTS);
});

const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsIn = (file: string): string[] =>
  [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading as string));

test.each(['CHANGELOG.md', 'CONTRIBUTING.md', ...pages])('the links of %s lead somewhere', (file) => {
  const links = [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
  const broken = links
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const found = path === '' ? file : join(dirname(file), path);
      if (!existsSync(join(ROOT, found))) return true;
      return anchor !== undefined && !anchorsIn(found).includes(anchor);
    });
  expect(broken).toEqual([]);
});
