import { createRuntime, withRuntime, type HoldfastEvent } from '@holdfast/core';
import {
  faultyUpstream,
  recordEvents,
  seededRandom,
  type FaultyUpstream,
  type UpstreamRequest,
} from '@holdfast/testing';
import { Catalog, PlainCatalog, type Product } from './catalog.js';
import { callsOf, playCalls } from './load.js';
import { actsOf, windowsOf, type Act } from './script.js';
import { Tally, type CallRecord } from './tally.js';

export interface AfternoonOptions {
  /** How long it lasts, in milliseconds. */
  readonly length: number;
  /** Repeats the calls, and the latencies and errors that the upstreams draw. */
  readonly seed?: number;
  /** Told what is known so far, several times a second. */
  readonly onProgress?: (soFar: Afternoon) => void;
}

/** One client's side. */
export interface Side {
  readonly records: readonly CallRecord[];
  readonly upstreamRequests: number;
}

/** What happened, up to `elapsed`. */
export interface Afternoon {
  readonly length: number;
  readonly elapsed: number;
  readonly acts: readonly Act[];
  readonly plain: Side;
  readonly decorated: Side;
  /** What Holdfast reported. */
  readonly events: readonly HoldfastEvent[];
  /** Epoch milliseconds, as on events. */
  readonly startedAt: number;
}

const PROGRESS_EVERY = 100;
const WARM_UP = 20;
/** A little more than the total timeout of the decorated client. */
const LONGEST_REFRESH = 1_000;

const product = ({ path }: UpstreamRequest): Product => {
  const id = path.slice('/products/'.length);
  return { id, name: `Product ${id}`, price: 10 };
};

/** Two upstreams that play the same script and draw the same numbers, so that their request counts compare. */
async function startUpstream(length: number, seed: number): Promise<FaultyUpstream> {
  const upstream = await faultyUpstream({ routes: { '/products/*': product }, script: windowsOf(length), seed });
  // The first requests of a process warm its HTTP client up, which is nobody's latency.
  for (let n = 0; n < WARM_UP; n += 1) await (await fetch(`${upstream.url}/products/none`)).text();
  upstream.requests.clear();
  return upstream;
}

/** Runs the same calls through both clients at the same time. */
export async function runAfternoon({ length, seed = 1, onProgress }: AfternoonOptions): Promise<Afternoon> {
  const upstreams = await Promise.all([startUpstream(length, seed), startUpstream(length, seed)]);
  const runtime = createRuntime({ logger: false, random: seededRandom(seed) });
  const recorder = recordEvents(runtime);
  const plain = new Tally(new PlainCatalog(upstreams[0].url));
  const decorated = new Tally(withRuntime(new Catalog(upstreams[1].url), runtime));

  await Promise.all(upstreams.map((upstream) => upstream.start()));
  const began = performance.now();
  const startedAt = Date.now();
  const soFar = (): Afternoon => ({
    length,
    elapsed: Math.min(length, performance.now() - began),
    acts: actsOf(length),
    plain: { records: plain.records, upstreamRequests: upstreams[0].requests.count },
    decorated: { records: decorated.records, upstreamRequests: upstreams[1].requests.count },
    events: recorder.events,
    startedAt,
  });
  const ticker = onProgress && setInterval(() => onProgress(soFar()), PROGRESS_EVERY);
  try {
    await playCalls(callsOf(length, seed), (call) => {
      plain.make(call);
      decorated.make(call);
    });
    await Promise.all([plain.settled(), decorated.settled()]);
    // Refreshes that nobody waits for end by their timeouts before the upstream goes.
    await new Promise((resolve) => void setTimeout(resolve, LONGEST_REFRESH));
  } finally {
    clearInterval(ticker);
    recorder.stop();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }
  return { ...soFar(), elapsed: length };
}
