import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsSecrets, AzureSecrets, SecretAuth, VaultSecrets } from '../src/index.js';
import { secretsVariables } from '../src/env/from-env.js';

/** Tables of the documentation against what the code knows. */

const page = (name: string): string => readFileSync(join(__dirname, '../../../docs', name), 'utf8');

/** Names in the first cells of tables. */
const listed = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line) => /^\| ((?:`[^`]+`(?:, )?)+) \|/.exec(line)?.[1]?.split(', ') ?? [])
    .map((name) => name.replaceAll('`', ''));

/** What a class answers that is given an option it does not know. */
const optionsOf = (make: () => unknown): string[] => {
  try {
    make();
  } catch (error) {
    return /known options: (.*)$/.exec((error as Error).message)?.[1]?.split(', ') ?? [];
  }
  throw new Error('an unknown option was taken');
};

const unknown = { nonsense: true } as never;

test.each([
  ['secrets/vault.md', () => new VaultSecrets(unknown)],
  ['secrets/aws.md', () => new AwsSecrets(unknown)],
  ['secrets/azure.md', () => new AzureSecrets(unknown)],
])('%s, with what all have in common, names every option', (name, make) => {
  const rows = [...listed(page('secrets.md')), ...listed(page(name))];
  expect(optionsOf(make).filter((option) => !rows.includes(option))).toEqual([]);
});

test('secrets/requests.md names every option', () => {
  const rows = listed(page('secrets/requests.md'));
  expect(optionsOf(() => new SecretAuth(unknown)).filter((option) => !rows.includes(option))).toEqual([]);
});

test('secrets/environment.md names every variable, and none that is not read', () => {
  const text = page('secrets/environment.md');
  const read = secretsVariables().flatMap(({ names }) => names);
  expect(read.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  const named = [...text.matchAll(/`((?:HOLDFAST|MLFLOW)_[A-Z_]+)`/g)].map(([, name]) => name as string);
  expect(named.filter((name) => !read.includes(name))).toEqual([]);
});
