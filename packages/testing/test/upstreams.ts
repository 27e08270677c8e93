import { faultyUpstream, type FaultyUpstream, type FaultyUpstreamOptions } from '../src/index.js';

const open: FaultyUpstream[] = [];

/** An upstream that is closed after the test. */
export async function upstreamWith(options?: FaultyUpstreamOptions): Promise<FaultyUpstream> {
  const upstream = await faultyUpstream(options);
  open.push(upstream);
  return upstream;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((upstream) => upstream.close()));
});

/** Waits until that many requests have been read. */
export const arrival = (upstream: FaultyUpstream, count: number): Promise<void> =>
  eventually(() => upstream.requests.count === count);

/** Turns of the event loop until the condition holds, and a few more for what follows from it. */
export async function eventually(condition: () => boolean): Promise<void> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  while (!condition()) await turn();
  for (let turns = 0; turns < 5; turns += 1) await turn();
}
