/**
 * Times contenders against each other in one process. Each round runs a short batch of every contender in a new random
 * order, so that whatever else the machine does hits all of them alike; only ratios within a round are trusted.
 */
import { median, quantile, shuffle } from './statistics.mjs';

const wallTime = () => Number(process.hrtime.bigint());

/** Nanoseconds that this process has been on a processor, whatever else the machine does. */
const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
};

/** Some platforms count processor time in ticks of several milliseconds. */
const isFine = () => {
  const begin = processorTime();
  let now = begin;
  while (now === begin) now = processorTime();
  return now - begin < 50_000;
};

const now = isFine() ? processorTime : wallTime;

const WARM_UPS = 4;
const IDLE_MS = 20;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const timed = async (drive, calls) => {
  const begin = now();
  await drive(calls);
  return now() - begin;
};

/** How many calls fill a batch: by the quickest of a few tries, since anything can slow one down. */
const callsFor = async (drive, nanoseconds) => {
  let calls = 1;
  while ((await timed(drive, calls)) < nanoseconds / 4) calls *= 2;
  let quickest = Infinity;
  for (let attempt = 0; attempt < 5; attempt++) quickest = Math.min(quickest, await timed(drive, calls));
  return Math.max(1, Math.round((calls * nanoseconds) / quickest));
};

const warmUp = async (drive, milliseconds) => {
  const end = wallTime() + milliseconds * 1e6;
  for (let calls = 1; wallTime() < end; calls = Math.min(calls * 2, 4096)) await drive(calls);
};

/**
 * @param contenders `{ name, drive(calls) }`; the first is the reference.
 * @returns per name: `ratio`, the median over the rounds of its time over the reference's in the same round; `quiet`, the
 * ratio of the lower quartiles, which a busy machine disturbs less; `ns` per call, lower quartile.
 */
export const race = async (contenders, { rounds, batchMs = 2, warmUpMs = 60 }) => {
  const entries = contenders.map(({ name, drive }) => ({ name, drive, calls: 0, times: [] }));
  // Code is optimized on other threads, in several steps, and on a busy machine these take their time.
  for (let step = 0; step < WARM_UPS; step++) {
    for (const { drive } of entries) await warmUp(drive, warmUpMs / WARM_UPS);
    await pause(IDLE_MS);
  }
  for (const entry of entries) entry.calls = await callsFor(entry.drive, batchMs * 1e6);
  const order = [...entries];
  for (let round = -2; round < rounds; round++) {
    for (const entry of shuffle(order)) {
      const spent = (await timed(entry.drive, entry.calls)) / entry.calls;
      if (round >= 0) entry.times.push(spent);
    }
  }
  const [reference] = entries;
  return new Map(entries.map((entry) => [entry.name, comparison(entry.times, reference.times)]));
};

const comparison = (times, reference) => ({
  ratio: median(times.map((time, round) => time / reference[round])),
  quiet: quantile(times, 0.25) / quantile(reference, 0.25),
  ns: quantile(times, 0.25),
});
