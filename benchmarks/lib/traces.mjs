/** Sequences of keys to measure hit ratios with: recorded ones from a folder, or generated ones. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const SUFFIX = '.trc.gz';

/** One integer a line, gzipped. */
export const readTraces = (folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .map((file) => ({
      name: file.slice(0, -SUFFIX.length),
      keys: gunzipSync(readFileSync(join(folder, file)))
        .toString('latin1')
        .trim()
        .split(/\s+/)
        .map(Number),
    }));

/** Numbers in [0, 1), the same in every run: splitmix32. */
const stream = (seed) => () => {
  seed = (seed + 0x9e3779b9) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
};

const times = (count, key) => Array.from({ length: count }, (_, index) => key(index));

/** Key k is drawn with a weight of 1 / (k + 1) ^ exponent. */
const zipf = (keys, count, exponent, random) => {
  let total = 0;
  const sums = times(keys, (key) => (total += (key + 1) ** -exponent));
  return times(count, () => {
    const drawn = random() * total;
    let low = 0;
    for (let high = keys - 1; low < high;) {
      const middle = (low + high) >> 1;
      if (sums[middle] < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  });
};

const loop = (keys, count, from = 0) => times(count, (index) => from + (index % keys));

/** What was new a little while ago, and never again. */
const recent = (count, from, random) =>
  times(count, (index) => from + Math.max(0, (index >> 1) - Math.floor(-200 * Math.log(1 - random()))));

const withScans = (keys) => keys.flatMap((key, index) => (index % 10_000 < 6_000 ? [key] : [key, 1_000_000 + index]));

export const generateTraces = () => {
  const random = stream(1);
  return [
    { name: 'loop', keys: loop(1_000, 50_000) },
    { name: 'zipf', keys: zipf(5_000, 100_000, 0.9, random) },
    { name: 'zipf and scans', keys: withScans(zipf(5_000, 80_000, 0.9, random)) },
    { name: 'recent', keys: recent(80_000, 0, random) },
    {
      name: 'phases',
      keys: times(3, (phase) => phase * 10_000_000).flatMap((from) => [
        ...zipf(4_000, 20_000, 1, random),
        ...loop(1_500, 30_000, 2_000_000),
        ...recent(40_000, 3_000_000 + from, random),
      ]),
    },
  ];
};
