import { KeyedHash } from './keyed-hash.js';
import type { CacheKey } from './stable-key.js';

type Word = [number];

const rotate = ([word]: Word, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** HalfSipHash as its paper writes it, for any number of rounds, over bytes. */
const reference = (bytes: readonly number[], key: readonly [number, number], rounds: readonly [number, number]) => {
  const [k0, k1] = key;
  let [v0, v1, v2, v3] = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1];
  const sipRound = (): void => {
    v0 = (v0 + v1) | 0;
    v1 = rotate([v1], 5) ^ v0;
    v0 = rotate([v0], 16);
    v2 = (v2 + v3) | 0;
    v3 = rotate([v3], 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotate([v3], 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotate([v1], 13) ^ v2;
    v2 = rotate([v2], 16);
  };
  const padded = [...bytes, ...Array<number>(3 - (bytes.length % 4)).fill(0), bytes.length & 255];
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded.slice(at, at + 4).reduce((sum, byte, index) => sum | (byte << (8 * index)), 0);
    v3 ^= word;
    for (let round = 0; round < rounds[0]; round += 1) sipRound();
    v0 ^= word;
  }
  v2 ^= 0xff;
  for (let round = 0; round < rounds[1]; round += 1) sipRound();
  return v1 ^ v3;
};

const SECRET = [0x03020100, 0x07060504] as const;
const hash = new KeyedHash([...SECRET]);
const distinct = (keys: readonly CacheKey[]): number => new Set(keys.map((key) => hash.of(key))).size;

describe('the keyed hash', () => {
  test('the reference for these tests gives the published vectors of HalfSipHash-2-4', () => {
    const of = (length: number): string => {
      const value = reference([...Array(length).keys()], [...SECRET], [2, 4]);
      return [0, 8, 16, 24].map((shift) => ((value >>> shift) & 255).toString(16).padStart(2, '0')).join(' ');
    };
    expect([of(0), of(1), of(2)]).toEqual(['a9 35 9f 5b', '27 47 5a b8', 'fa 62 a6 03']);
  });

  test.each(['', 'a', 'ab', 'abc', 'abcd', 'key:17', 'ключ', '\u{1F511}', 'x'.repeat(301)])(
    'of a string is HalfSipHash-1-3 of its code units: %j',
    (text) => {
      const bytes = [...Buffer.from(text, 'utf16le')];
      expect(hash.of(text)).toBe(reference(bytes, [...SECRET], [1, 3]));
    },
  );

  test('integers that differ in high bits alone differ', () => {
    expect(distinct(Array.from({ length: 2000 }, (_, index) => index * 2 ** 32))).toBe(2000);
    expect(distinct(Array.from({ length: 2000 }, (_, index) => index / 2 ** 20))).toBe(2000);
  });

  test('what is one key in a Map is one key, what is not is none', () => {
    expect(hash.of(-0)).toBe(hash.of(0));
    expect(hash.of(Number.NaN)).toBe(hash.of(Number('no number')));
    expect(distinct([1, '1', 1n, true, 'true', null, 'null', undefined, 'undefined', '', 0])).toBe(11);
  });

  test('its low bits are even, for keys that only count up', () => {
    for (const key of [(index: number): CacheKey => index, (index: number): CacheKey => `key:${index}`]) {
      const buckets = new Uint32Array(64);
      for (let index = 0; index < 64_000; index += 1) buckets[hash.of(key(index)) & 63]! += 1;
      // 1,000 in each, give or take five standard deviations.
      expect(Math.min(...buckets)).toBeGreaterThan(840);
      expect(Math.max(...buckets)).toBeLessThan(1160);
    }
  });

  test('another secret scatters keys otherwise', () => {
    const other = new KeyedHash([1, 2]);
    const collides = (by: KeyedHash, key: string): boolean => (by.of(key) & 255) === 0;
    const keys = Array.from({ length: 100_000 }, (_, index) => `${index}`).filter((key) => collides(hash, key));
    expect(keys.length).toBeGreaterThan(300);
    expect(keys.filter((key) => collides(other, key)).length).toBeLessThan(keys.length / 20);
  });
});
