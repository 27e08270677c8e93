import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { sha256 } from './sha256.js';

const reference = (text: string): string => createHash('sha256').update(text, 'utf8').digest('base64url');

test.each([
  ['', '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'],
  ['abc', 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0'],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', 'JI1qYdIGOLjlwCaTDD5gOaM85Flk_yFn9uzt1BnbBsE'],
])('the digest of %j is that of the standard', (text, digest) => {
  expect(sha256(text)).toBe(digest);
});

test('the digest of any text is that of OpenSSL', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(sha256(text)).toBe(reference(text));
    }),
  );
});

test.each([55, 56, 63, 64, 65, 119, 120, 128, 65_536])(
  'a text of %i bytes is padded as the standard says',
  (length) => {
    const text = 'x'.repeat(length);
    expect(sha256(text)).toBe(reference(text));
  },
);
