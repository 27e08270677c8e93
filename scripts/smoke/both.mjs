/** An application may load both builds, one through an ES module and one through a CommonJS dependency: they act as one. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as esm from '../../packages/core/dist/esm/index.js';
import { decorate, makeCatalog } from './checks.cjs';

const cjs = createRequire(import.meta.url)('../../packages/core/dist/cjs/index.js');
assert.notEqual(esm.Retry, cjs.Retry, 'the builds are two copies');

const Catalog = makeCatalog();
decorate(Catalog, 'product', esm.Cached({ ttl: '1m' }), cjs.Retry({ maxAttempts: 2, delay: '1ms' }));
for (const { explain } of [esm, cjs]) {
  const [product] = explain(Catalog).methods;
  assert.deepEqual(
    product.stack.map(({ policy }) => policy),
    ['cached', 'retry'],
  );
}

const heard = [];
cjs.events.on('retry.scheduled', ({ type }) => heard.push(type));
assert.deepEqual(await new Catalog().product('1', 1), { id: '1' });
assert.deepEqual(heard, ['retry.scheduled']);
