import { Cached, Retry, Timeout, configure } from '../../../src/index.js';

/** Gets its stale answers and has nothing more to do: refreshes that sleep or hang for a minute must not hold it. */
class Catalog {
  loads = 0;

  @Cached({ ttl: 1, staleWhileRevalidate: '1h' })
  @Retry({ delay: '1m', jitter: 'none' })
  async failing(): Promise<string> {
    this.loads += 1;
    if (this.loads > 1) throw new Error('down');
    return 'old';
  }

  @Cached({ ttl: 1, staleWhileRevalidate: '1h' })
  @Timeout({ attempt: '1m', total: '5m' })
  async hanging(): Promise<string> {
    this.loads += 1;
    return this.loads > 2 ? new Promise(() => undefined) : 'old';
  }
}

const main = async (): Promise<void> => {
  configure({ logger: false });
  const catalog = new Catalog();
  await catalog.failing();
  await catalog.hanging();
  await new Promise((resolve) => void setTimeout(resolve, 10));
  console.log(await catalog.failing(), await catalog.hanging());
};

void main();
