import { Cached, Retry, Timeout, configure, definePolicy, health, shutdown } from '../../../src/index.js';

/** Ends well although it was under way, and counting calls takes no rejection from whoever has not handled it. */
const Enter = definePolicy({ name: 'only-enter', bind: () => ({ enter: () => undefined }) });

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

class Api {
  @Enter()
  async fails(): Promise<void> {
    throw new Error('nobody handles it');
  }

  @Retry()
  @Timeout('1m')
  async slow(): Promise<void> {
    await sleep(50);
  }

  @Cached()
  async hangs(): Promise<void> {
    return new Promise(() => undefined);
  }
}

const main = async (): Promise<void> => {
  configure({ logger: false });
  process.on('unhandledRejection', (error: Error) => console.log(error.message));
  const api = new Api();
  void api.fails();
  void api.slow();
  void api.hangs();
  const { drained, abandoned } = await shutdown({ timeout: 300 });
  console.log(drained, JSON.stringify(abandoned), health().inFlight);
};

void main();
