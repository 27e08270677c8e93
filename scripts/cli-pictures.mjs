/**
 * Draws docs/images/top.svg and docs/images/doctor.svg: the built command line in a pseudo-terminal, against a small
 * application with an inspector and a Vault that run in this process. Build first.
 */
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pictureOf, watch } from './cli/terminal.mjs';
import { root } from './pnpm.mjs';

const bin = join(root, 'packages/cli/dist/esm/bin.js');
const images = join(root, 'docs/images');
const TOKEN = 'f00d'.repeat(16);

/** Inside the package, whose dependencies it uses. */
const compileShop = async () => {
  const folder = mkdtempSync(join(root, 'packages/cli/dist/pictures-'));
  const stdin = {
    contents: `export { openShop } from './shop.js'; export { startInspector } from '@holdfast/inspector'; export { fakeVault } from '@holdfast/testing';`,
    resolveDir: join(root, 'packages/cli/test/fixtures'),
  };
  const outfile = join(folder, 'shop.mjs');
  await build({
    stdin,
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['@holdfast/*'],
  });
  return { shop: await import(pathToFileURL(outfile)), remove: () => rmSync(folder, { recursive: true }) };
};

const draw = (name, run, options) => {
  mkdirSync(images, { recursive: true });
  writeFileSync(join(images, `${name}.svg`), pictureOf(run, options));
  console.log(`docs/images/${name}.svg  exit code ${run.exitCode}\n\n$ ${options.command}\n${run.text}\n`);
};

const top = async ({ openShop, startInspector }) => {
  const columns = 96;
  const shop = openShop();
  const inspector = await startInspector({ name: 'shop', token: TOKEN });
  await shop.trade(200);
  const traffic = setInterval(() => void shop.trade(4), 20);
  let frames = 0;
  const run = await watch(process.execPath, [bin, 'top', '--interval', '500ms'], {
    columns,
    rows: 12,
    env: { HOLDFAST_INSPECTOR_URL: inspector.url, HOLDFAST_INSPECTOR_TOKEN: TOKEN },
    isDone: (text) => text.includes('PER S') && (frames += 1) > 4,
    keys: 'q',
  });
  clearInterval(traffic);
  await inspector.close();
  draw('top', run, { command: 'holdfast top', title: 'A run of holdfast top', columns });
};

const doctor = async ({ fakeVault }) => {
  const columns = 96;
  const vault = await fakeVault();
  vault.setSecret('secret/mlflow', { token: 'a-token-of-yesterday' });
  const server = createServer((_, response) => response.writeHead(401).end());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${server.address().port}`;
  const run = await watch(process.execPath, [bin, 'doctor', url], {
    columns,
    rows: 24,
    env: {
      VAULT_ADDR: vault.url,
      VAULT_ROLE_ID: 'role',
      VAULT_SECRET_ID: 'secret-id',
      HOLDFAST_SECRETS_VAULT_PATH: 'secret/mlflow',
      HOLDFAST_SECRETS_ALLOWED_HOSTS: 'localhost, mlflow.example',
    },
  });
  server.close();
  await vault.close();
  draw('doctor', run, { command: `holdfast doctor ${url}`, title: 'A run of holdfast doctor', columns });
};

const { shop, remove } = await compileShop();
try {
  await top(shop);
  await doctor(shop);
} finally {
  remove();
}
process.exit();
