import { seededStream } from './seeded-random.js';
import { WindowTuner } from './window-tuner.js';

const hashOf = (key: number): number => Math.imul(Math.imul(key ^ 0x5bd1e995, 0x9e3779b1) ^ (key >>> 3), 0x85ebca6b);

/** Plays keys to a tuner; returns the shares in force, each when it was taken. */
const play = (tuner: WindowTuner, keys: readonly number[], wasHit = true): number[] => {
  const shares: number[] = [];
  for (const key of keys) {
    const hash = hashOf(key);
    if (tuner.samples(hash) && tuner.record(hash, wasHit) === 'another share') shares.push(tuner.share);
  }
  return shares;
};
const loop = (length: number, rounds: number, from = 0): number[] =>
  Array.from({ length: length * rounds }, (_, index) => from + (index % length));
/** Each key a few times within a short while, and never again. */
const recent = (count: number, from = 0): number[] => {
  const random = seededStream(1, 'recent');
  return Array.from({ length: count }, (_, index) => from + Math.max(0, (index >> 1) - Math.floor(random() * 400)));
};

describe('the window tuner', () => {
  test('begins with a small window', () => {
    expect(new WindowTuner(1000).share).toBe(0.01);
    expect(new WindowTuner(1000, 0.6).share).toBe(0.6);
    expect(new WindowTuner(1000, 0.33).share).toBe(0.01);
  });

  test('samples about one key in eight, of large caches less', () => {
    const sampled = (capacity: number): number => {
      const tuner = new WindowTuner(capacity);
      return Array.from({ length: 100_000 }, (_, key) => hashOf(key)).filter((hash) => tuner.samples(hash)).length;
    };
    expect(sampled(4)).toBe(100_000);
    expect(sampled(1000) / 12_500).toBeCloseTo(1, 1);
    expect(sampled(60_000) / (100_000 / 64)).toBeCloseTo(1, 1);
    expect(sampled(1_000_000)).toBeLessThan(300);
  });

  test('takes a large window where what is new is used again soon, and a small one for a loop', () => {
    const tuner = new WindowTuner(1000);
    play(tuner, recent(60_000));
    expect(tuner.share).toBeGreaterThanOrEqual(0.6);
    play(tuner, loop(1500, 60, 1_000_000));
    expect(tuner.share).toBeLessThanOrEqual(0.2);
    play(tuner, recent(60_000, 2_000_000));
    expect(tuner.share).toBeGreaterThanOrEqual(0.6);
  });

  test('does not change its mind where nothing speaks for another window', () => {
    const random = seededStream(1, 'uniform');
    const uniform = Array.from({ length: 300_000 }, () => Math.floor(random() * 4000));
    expect(play(new WindowTuner(1000), uniform).length).toBeLessThanOrEqual(3);
    const short = loop(500, 100);
    expect(play(new WindowTuner(1000), short)).toEqual([]);
  });

  test('says when the real cache misses what its image hits', () => {
    const tuner = new WindowTuner(1000);
    play(tuner, loop(1300, 20));
    const verdicts = loop(600, 20).flatMap((key) => {
      const hash = hashOf(key);
      return tuner.samples(hash) ? [tuner.record(hash, false)] : [];
    });
    expect(verdicts).toContain('behind');
    const fine = loop(600, 20).flatMap((key) => {
      const hash = hashOf(key);
      return tuner.samples(hash) ? [tuner.record(hash, true)] : [];
    });
    expect(fine).not.toContain('behind');
  });

  test('what left the real cache for other reasons than room is no reason to be behind', () => {
    const tuner = new WindowTuner(1000);
    play(tuner, loop(1300, 20));
    const verdicts = loop(600, 20).flatMap((key) => {
      const hash = hashOf(key);
      if (!tuner.samples(hash)) return [];
      const verdict = tuner.record(hash, false);
      tuner.forget(hash);
      tuner.forget(hash);
      return [verdict];
    });
    expect(verdicts.length).toBeGreaterThan(1000);
    // What was there before the loop began.
    expect(verdicts.filter((verdict) => verdict === 'behind').length).toBeLessThanOrEqual(1);
  });

  test('a cache of one entry has a tuner that does nothing', () => {
    const tuner = new WindowTuner(1);
    expect(play(tuner, recent(2000))).toEqual([]);
  });
});
