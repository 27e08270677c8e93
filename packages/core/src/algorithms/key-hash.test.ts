import { hashKey } from './key-hash.js';

describe('hashKey', () => {
  test('gives equal keys of one process one hash of 14 hexadecimal digits', () => {
    expect(hashKey('product:1', 42)).toBe(hashKey('product:1', 42));
    for (const key of ['', 'product:1', 0, 1n, true, null, undefined])
      expect(hashKey(key, 42)).toMatch(/^[0-9a-f]{14}$/);
  });

  test('depends on the salt', () => {
    expect(hashKey('product:1', 1)).not.toBe(hashKey('product:1', 2));
    expect(hashKey('', 1)).not.toBe(hashKey('', 2));
  });

  test('tells types apart', () => {
    const hashes = ['1', 1, 1n, 'true', true, 'null', null, 'undefined', undefined].map((key) => hashKey(key, 7));
    expect(new Set(hashes).size).toBe(9);
  });

  test('keeps 200,000 like keys apart', () => {
    const hashes = new Set<string>();
    for (let index = 0; index < 100_000; index += 1) hashes.add(hashKey(index, 7)).add(hashKey(`user:${index}`, 7));
    expect(hashes.size).toBe(200_000);
  });

  test('spreads over all digits', () => {
    const counts = Array.from({ length: 14 }, () => new Set<string>());
    for (let index = 0; index < 2000; index += 1) [...hashKey(index, 7)].forEach((digit, at) => counts[at]?.add(digit));
    expect(counts.map(({ size }) => size)).toEqual(Array.from({ length: 14 }, () => 16));
  });
});
