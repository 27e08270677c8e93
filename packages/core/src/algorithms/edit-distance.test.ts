import * as fc from 'fast-check';
import { closest } from './edit-distance.js';

const OPTIONS = ['ttl', 'maxSize', 'staleIfError', 'staleWhileRevalidate', 'scope', 'tags', 'key'];

describe('closest', () => {
  it.each([
    ['tll', 'ttl'],
    ['TTL', 'ttl'],
    ['ttls', 'ttl'],
    ['maxsize', 'maxSize'],
    ['maxSzie', 'maxSize'],
    ['maxSizes', 'maxSize'],
    ['staleOnError', 'staleIfError'],
    ['staleWhileRevalidation', 'staleWhileRevalidate'],
    ['tag', 'tags'],
  ])('takes %s for %s', (word, meant) => {
    expect(closest(word, OPTIONS)).toBe(meant);
  });

  it.each(['', 'x', 'ab', 'banana', 'x'.repeat(65), 'x'.repeat(1e6)])('has no idea what %.20p means', (word) => {
    expect(closest(word, OPTIONS)).toBeUndefined();
  });

  it('prefers the nearest, then the first', () => {
    expect(closest('delay', ['delays', 'delay'])).toBe('delay');
    expect(closest('caat', ['cast', 'cart'])).toBe('cast');
  });

  it('counts a swap of neighbours as one edit', () => {
    expect(closest('abc', ['acb'])).toBe('acb');
    expect(closest('abc', ['cab'])).toBeUndefined();
  });

  it('skips candidates of absurd length and takes any iterable', () => {
    expect(closest('ttl', new Set(['t'.repeat(100)]))).toBeUndefined();
    expect(closest('ttl', [])).toBeUndefined();
  });

  it('finds every word itself and every word of four letters with one letter lost', () => {
    const word = fc.string({ minLength: 4, maxLength: 20, unit: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') });
    fc.assert(
      fc.property(word, fc.nat(), (original, position) => {
        const at = position % original.length;
        expect(closest(original, [original])).toBe(original);
        expect(closest(original.slice(0, at) + original.slice(at + 1), [original])).toBe(original);
      }),
    );
  });
});
