import { Timeout, configure } from '../../../src/index.js';

/** A method that calls itself without end: the stack overflows anywhere, also between our own steps. */
class Tree {
  @Timeout(30)
  async depth(): Promise<number> {
    return 1 + (await this.depth());
  }
}

const main = async (): Promise<void> => {
  configure({ logger: false });
  const unhandled = new Set<string>();
  process.on('unhandledRejection', (reason) => unhandled.add(String(reason)));
  const tree = new Tree();
  const error = await tree.depth().catch((thrown: Error) => thrown);
  await new Promise((resolve) => void setTimeout(resolve, 200));
  console.log((error as Error).name, [...unhandled].filter((reason) => reason.includes('timed out')).length);
};

void main();
