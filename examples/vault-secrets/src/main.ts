import { cacheDemo } from './cache-demo.js';
import { costTable, measureCosts } from './cost.js';
import { playFailures, tableOf } from './failures.js';
import { type Lab, type Print, labFromEnv } from './lab.js';
import { resilientDemo } from './resilient-demo.js';
import { retryDemo } from './retry-demo.js';

const print: Print = (line) => void process.stdout.write(`  ${line}\n`);
const title = (text: string): void => void process.stdout.write(`\n${text}\n\n`);

const exercise = async (name: string, demo: (lab: Lab, print: Print) => Promise<void>): Promise<void> => {
  title(name);
  const lab = await labFromEnv();
  await demo(lab, print);
  await lab.fake?.close();
};

await exercise('Exercise 1: a simple cache', cacheDemo);
await exercise('Exercise 2: retry with backoff', retryDemo);
await exercise('Exercise 3: cache and retry together', resilientDemo);

title('Six bad days: the secret was cached, its ttl is over, and it has been rotated meanwhile');
tableOf(await playFailures()).forEach(print);

title('What calls of Vault cost');
costTable(await measureCosts()).forEach(print);
process.stdout.write('\n');
