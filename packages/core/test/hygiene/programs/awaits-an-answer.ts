import { Retry, Timeout, configure } from '../../../src/index.js';

/** Waits for nothing but our own timers: the process must not exit before both answers are there. */
class Api {
  runs = 0;

  @Retry({ delay: 100, jitter: 'none' })
  async flaky(): Promise<string> {
    this.runs += 1;
    if (this.runs === 1) throw new Error('down');
    return 'slept';
  }

  @Timeout(100)
  async hanging(): Promise<void> {
    return new Promise(() => undefined);
  }

  @Timeout({ total: 100 })
  async quick(): Promise<void> {}
}

const main = async (): Promise<void> => {
  configure({ logger: false });
  const api = new Api();
  await api.quick();
  console.log(await api.flaky());
  console.log(await api.hanging().catch((error: Error) => error.name));
};

void main();
