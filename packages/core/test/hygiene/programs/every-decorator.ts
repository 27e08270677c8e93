import {
  Bulkhead,
  Cached,
  CircuitBreaker,
  Fallback,
  Invalidates,
  RateLimit,
  Resilient,
  Retry,
  Timeout,
  configure,
  currentCall,
  definePolicy,
  events,
  withContext,
} from '../../../src/index.js';

/** Uses every decorator and leaves nothing behind: the process has to exit by itself, long before any duration is over. */

const traced = definePolicy({ name: 'traced', bind: () => ({ enter: () => undefined }) });

class Shop {
  attempts = 0;

  @Fallback({ value: 'none' })
  @Cached({ ttl: '1h', staleWhileRevalidate: '1h', staleIfError: '1h' })
  @Retry({ delay: 5 })
  @CircuitBreaker({ recoveryTimeout: '1h' })
  @RateLimit({ limit: 1000, interval: '1s', maxWait: '1h' })
  @Bulkhead({ maxConcurrent: 2, maxQueue: 100, queueTimeout: '1h' })
  @Timeout({ attempt: '30s', total: '5m' })
  @traced()
  async product(id: string, _options?: { signal: AbortSignal }): Promise<string> {
    const { signal } = currentCall();
    this.attempts += 1;
    if (this.attempts < 3) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    return `${id} ${signal.aborted}`;
  }

  @Invalidates({ target: 'product' })
  async rename(): Promise<void> {}

  @Resilient({ retry: true, timeout: '1h', circuitBreaker: true })
  async stock(): Promise<number> {
    return 3;
  }
}

const main = async (): Promise<void> => {
  configure({ logger: false });
  events.onAny(() => undefined);
  const shop = new Shop();
  const answers = await withContext({ traceId: 1 }, () =>
    Promise.all([shop.product('1'), shop.product('1'), shop.stock()]),
  );
  await shop.rename();
  // More than ten listeners on one signal would be told as a leak.
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 50 }, (_each, index) => shop.product(`${index}`, { signal })));
  console.log(answers.join(','));
};

void main();
