import { performance, setTimeout } from '../real-time.js';
import type { SeededRandom } from '../seeded-random.js';

/** Milliseconds: fixed, or drawn from `[min, max)`. */
export type Latency = number | readonly [min: number, max: number];

export interface ServerClock {
  /** Milliseconds. */
  now(): number;
  /** Milliseconds since the epoch. */
  wall(): number;
  sleep(ms: number): Promise<unknown>;
}

export interface FakeServerOptions {
  /** Seed of latencies and of what the server makes up. Default 1. */
  readonly seed?: number;
  /** What times and latencies go by, such as a `virtualClock()`. Default: real time. */
  readonly clock?: ServerClock;
  /** Let the process exit although the server is open. Default false. */
  readonly unref?: boolean;
  /** How many requests `requests.recent` holds. Default 1,000. */
  readonly logLimit?: number;
}

export const REAL_TIME: ServerClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
};

export const draw = (latency: Latency, random: SeededRandom): number => {
  const [min, max] = typeof latency === 'number' ? [latency, latency] : latency;
  return min + random() * (max - min);
};
