import { Cached, CircuitBreaker, Retry, Timeout, configure } from '../../../src/index.js';

/**
 * A test framework takes the globals of a test file away when it has ended, here as Jest does: every property of what was
 * put on the global object that can be replaced is, by one that fails when it is written. A refresh that is under way
 * then goes on, retries and times out without anyone to tell.
 */
class Catalog {
  loads = 0;

  @Cached({ ttl: 1, staleWhileRevalidate: '1h', staleIfError: '1h' })
  @Retry({ maxAttempts: 3, delay: 20 })
  @CircuitBreaker()
  @Timeout({ attempt: 30, total: 500 })
  async product(_id: string): Promise<string> {
    this.loads += 1;
    return this.loads === 1 ? 'old' : new Promise(() => undefined);
  }
}

const refuseWrites = (held: object): void => {
  for (const key of Reflect.ownKeys(held)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(held, key);
    if (descriptor?.configurable !== true) continue;
    const set = (): never => {
      throw new RangeError(`${String(key)} was written after the globals had been taken away`);
    };
    Reflect.defineProperty(held, key, { configurable: true, get: () => descriptor.value as unknown, set });
  }
};

const tearDown = (): void => {
  const held = globalThis as unknown as Record<symbol, object>;
  for (const symbol of Object.getOwnPropertySymbols(globalThis))
    if (String(symbol).includes('@holdfast/core')) refuseWrites(held[symbol] as object);
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

const main = async (): Promise<void> => {
  configure({ logger: false });
  const catalog = new Catalog();
  process.on('unhandledRejection', (reason) => console.log(`unhandled: ${String(reason)}`));
  await catalog.product('1');
  await sleep(10);
  console.log(await catalog.product('1'));
  tearDown();
  await sleep(600);
  console.log(`${catalog.loads - 1} attempts`);
};

void main();
