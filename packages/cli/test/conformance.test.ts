/** The commands of the source documents, row by row, with this command's name in the place of theirs. */
import { type FakeVault, fakeVault } from '@holdfast/testing';
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { type FakeInspector, fakeInspector } from './support/fake-inspector.js';
import { type Finished, runProgram } from './support/run.js';

let cli: BuiltCli;
let app: FakeInspector;
let vault: FakeVault;

beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  app = await fakeInspector();
  vault = await fakeVault();
  vault.setSecret('secret/mlflow', { token: 'of the day' });
});
afterEach(async () => {
  await app.close();
  await vault.close();
});

/** One line of a shell, with the variables before the command. */
const shell = (line: string): Promise<Finished> => {
  const words = line.split(' ');
  const start = words.indexOf('holdfast');
  const variables = words.slice(0, start).map((word) => word.split('=') as [string, string]);
  const env = {
    ...app.env,
    VAULT_ADDR: vault.url,
    VAULT_TOKEN: 'root',
    MLFLOW_VAULT_SECRET_PATH: 'secret/mlflow',
    ...Object.fromEntries(variables),
  };
  return runProgram(process.execPath, [cli.bin, ...words.slice(start + 1)], { env });
};

test('M10, MX8: the caches of secrets can be cleared, of one provider or all, and looked at', async () => {
  expect((await shell('holdfast cache clear')).code).toBe(0);
  expect((await shell('holdfast cache clear --provider vault')).code).toBe(0);
  expect(app.selections).toEqual([{ all: true }, { provider: 'vault' }]);
  expect((await shell('holdfast cache status')).stdout).toContain('vault:https://vault:8200');
});

test('M11, MX8: info shows the hit rate of the cache; of the running application, not of an empty one of its own', async () => {
  expect((await shell('holdfast info')).stdout).toContain('hit rate   94.0 %');
});

test('M11: the doctor checks everything, or the network alone', async () => {
  expect((await shell('holdfast doctor')).code).toBe(0);
  expect((await shell(`holdfast doctor --dry-run ${vault.url}`)).code).toBe(0);
});

test('M12, M20: the cache can be off, retries fewer and the log louder, for one run', async () => {
  const off = await shell('MLFLOW_SECRETS_CACHE_DISABLED=true holdfast doctor');
  expect(off.stdout).toContain('the cache is off');
  const fewer = await shell('MLFLOW_SECRETS_MAX_RETRIES=1 holdfast info');
  expect(fewer.stdout).toContain('attempts   2 (1 retry)');
  const louder = await shell('MLFLOW_SECRETS_LOG_LEVEL=DEBUG holdfast doctor');
  expect(louder.stderr).toMatch(/call\.succeeded \S+ durationMs=/);
});
