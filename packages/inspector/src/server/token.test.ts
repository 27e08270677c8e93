import { TokenCheck, randomToken } from './token.js';

const TOKEN = 'a-token-of-thirty-two-characters';

test('exactly one header with the token is right, whatever the case of its scheme', () => {
  const check = new TokenCheck(TOKEN);
  expect(check.accepts([`Bearer ${TOKEN}`])).toBe(true);
  expect(check.accepts([`bearer  ${TOKEN}`])).toBe(true);
  for (const wrong of [undefined, [], [''], ['Bearer '], [TOKEN], [`Bearer ${TOKEN}x`], [`x Bearer ${TOKEN}`]])
    expect(check.accepts(wrong)).toBe(false);
  expect(check.accepts([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`])).toBe(false);
  expect(check.accepts([`Bearer ${TOKEN}`, ''])).toBe(false);
});

test('no header is not the token that says nothing', () => {
  expect(new TokenCheck('').accepts(undefined)).toBe(false);
  expect(new TokenCheck('').accepts([''])).toBe(false);
});

test('tokens at random have 256 bits and are never the same', () => {
  const tokens = Array.from({ length: 100 }, randomToken);
  expect(new Set(tokens).size).toBe(100);
  for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
});
