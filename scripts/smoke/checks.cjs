/** What every build must do in a plain Node process, without a compiler: decorators are called by hand, as legacy code calls them. */
const assert = require('node:assert/strict');

process.on('warning', (warning) => {
  throw warning;
});

/** `@decorator` on a method, written out. */
const decorate = (Class, key, ...decorators) => {
  for (const decorator of decorators.reverse()) {
    const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, key);
    Object.defineProperty(Class.prototype, key, decorator(Class.prototype, key, descriptor) ?? descriptor);
  }
};

const makeCatalog = () =>
  class Catalog {
    calls = 0;

    async product(id, failures = 0) {
      this.calls += 1;
      if (this.calls <= failures) throw new Error(`upstream is down (call ${this.calls})`);
      return { id };
    }
  };

const checkRetry = async ({ Retry, events }) => {
  const Catalog = makeCatalog();
  decorate(Catalog, 'product', Retry({ maxAttempts: 3, delay: '1ms', jitter: 'none' }));
  const seen = [];
  const stop = events.on('retry.scheduled', (event) => seen.push(event.type));
  const catalog = new Catalog();
  assert.deepEqual(await catalog.product('1', 2), { id: '1' });
  stop();
  assert.equal(catalog.calls, 3);
  assert.deepEqual(seen, ['retry.scheduled', 'retry.scheduled']);
  assert.equal(Catalog.prototype.product.name, 'product');
};

const checkCache = async ({ Cached, events }) => {
  const Catalog = makeCatalog();
  decorate(Catalog, 'product', Cached({ ttl: '1m' }));
  let hits = 0;
  const stop = events.on('cache.hit', () => (hits += 1));
  const catalog = new Catalog();
  const first = await catalog.product('1');
  assert.equal(await catalog.product('1'), first);
  await catalog.product('2');
  stop();
  assert.equal(catalog.calls, 2);
  assert.equal(hits, 1);
};

const checkConfigure = async ({ Retry, configure }) => {
  const Catalog = makeCatalog();
  decorate(Catalog, 'product', Retry({ delay: '1ms' }));
  configure({ defaults: { retry: { maxAttempts: 2 } } });
  const catalog = new Catalog();
  await assert.rejects(catalog.product('1', 5), /upstream is down \(call 2\)/);
  configure({ defaults: { retry: { maxAttempts: 3 } } });
};

/** A bundler may rename a class; its name is in stack traces and in users' logs. */
const checkNames = (exported) => {
  for (const [name, value] of Object.entries(exported)) {
    const isClass = typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
    if (isClass) assert.equal(value.name, name);
  }
};

const checkCore = async (core) => {
  checkNames(core);
  await checkRetry(core);
  await checkCache(core);
  await checkConfigure(core);
};

module.exports = { checkCore, checkNames, decorate, makeCatalog };
