import {
  Bulkhead,
  RateLimit,
  Retry,
  Timeout,
  configure,
  definePolicy,
  resetConfiguration,
} from '../../../src/index.js';

/** One call of 200,000 attempts, then 200,000 calls of every kind: the heap has to be where it was. */
declare const gc: () => void;

const around = definePolicy({ name: 'around', async: true, bind: () => (_call, next) => next() });
const ATTEMPTS = 200_000;

class Api {
  runs = 0;

  @Retry({ maxAttempts: ATTEMPTS, delay: 0 })
  @around()
  async endless(_signal: AbortSignal): Promise<string> {
    this.runs += 1;
    if (this.runs % 50_000 === 0) measure(`attempt ${this.runs}`);
    if (this.runs < ATTEMPTS) throw Object.assign(new Error('down'), { code: 'ECONNRESET' });
    return 'done';
  }

  @Timeout({ attempt: '1h', total: '2h' })
  @Retry({ maxAttempts: 2, delay: 0 })
  async call(fails: boolean, _signal: AbortSignal): Promise<void> {
    if (fails) throw Object.assign(new Error('down'), { code: 'ECONNRESET' });
  }

  /** Two of three have to wait, a third of them leaves; a key never comes again. */
  @RateLimit({ limit: 1_000_000, interval: '1s', burst: 1, maxWait: '1s', key: (id: number) => id % 1_000 })
  @Bulkhead({ maxConcurrent: 1, maxQueue: 2, queueTimeout: '1h', key: (id: number) => id - (id % 3) })
  async queued(_id: number, _signal: AbortSignal): Promise<void> {}
}

const heap: number[] = [];
const measure = (_when: string): void => {
  gc();
  heap.push(process.memoryUsage().heapUsed);
};

const main = async (): Promise<void> => {
  configure({ logger: false });
  const stackTraceLimit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const api = new Api();
  const { signal } = new AbortController();
  await api.endless(signal);
  for (let round = 0; round < 4; round += 1) {
    for (let call = 0; call < 50_000; call += 1) await api.call(call % 2 === 0, signal).catch(() => undefined);
    for (let call = 0; call < 20_000; call += 3) {
      const id = round * 20_000 + call;
      const controller = new AbortController();
      const calls = [api.queued(id, signal), api.queued(id + 1, controller.signal), api.queued(id + 2, signal)];
      controller.abort('left');
      await Promise.allSettled(calls);
    }
    measure(`round ${round}`);
  }
  Error.stackTraceLimit = stackTraceLimit;
  const growth = Math.max(...heap.slice(1)) - (heap[0] as number);
  console.log(growth < 2_000_000 ? 'flat' : `grew by ${growth}: ${heap.join(' ')}`);
  resetConfiguration();
};

void main();
