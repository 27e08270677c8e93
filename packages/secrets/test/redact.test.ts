import { inspect } from 'node:util';
import { Secret, redact } from '../src/index.js';

const TEXT = 'canary-live "12!&3 x/y';
const key = new Secret(TEXT);

const shown = (value: unknown): string => inspect(value, { depth: 12, showHidden: true });

describe('redact', () => {
  test.each([
    ['a form', new URLSearchParams({ key: TEXT }).toString()],
    ['the query of a URL', new URL(`https://api.example.com/?key=${encodeURI(TEXT)}`).href],
    ['a component of a URL', encodeURIComponent(TEXT)],
  ])('finds a secret in %s', (_, text) => {
    expect(redact(`a ${text} b`)).not.toContain('12');
    expect(redact(`a ${text} b`)).toContain('[redacted]');
    expect(key.reveal()).toBe(TEXT);
  });

  test('finds a secret in keys, sets, symbols, boxed text, names of errors and errors of errors', () => {
    const renamed = Object.assign(new Error('m'), { name: TEXT });
    const all = [
      { [TEXT]: 1 },
      new Map([[TEXT, 1]]),
      new Map([[{ inner: TEXT }, 1]]),
      new Set([TEXT]),
      Symbol(TEXT),
      new String(TEXT),
      renamed,
      new AggregateError([new Error(TEXT)], 'all'),
      Object.assign(() => 1, { note: TEXT }),
    ];
    expect(shown(redact(all))).not.toContain('canary-live');
    expect(shown(redact(all)).match(/\[redacted\]/g)).toHaveLength(8);
    expect(key.reveal()).toBe(TEXT);
  });

  test('a toJSON that was copied along has no second word', () => {
    const copy = redact({ toJSON: () => ({ token: 'canary-token' }) });
    expect(JSON.stringify(copy)).not.toContain('canary');
  });

  test('getters and proxies that throw are unreadable, and the rest is there', () => {
    const throwing = {
      ok: 1,
      get bad(): never {
        throw new Error(TEXT);
      },
    };
    const proxy = new Proxy({}, { ownKeys: () => { throw new Error(TEXT); } }); // prettier-ignore
    const error = Object.defineProperty(new Error('m'), 'message', { get: () => { throw new Error(TEXT); } }); // prettier-ignore
    expect(redact([throwing, proxy, error])).toEqual([{ ok: 1, bad: '[unreadable]' }, '[unreadable]', '[unreadable]']);
  });

  test('a secret that is no well-formed text hinders nobody', () => {
    const broken = new Secret('\ud800canary-half');
    expect(redact('hello')).toBe('hello');
    expect(redact(`a ${broken.reveal()} b`)).toBe('a [redacted] b');
  });

  test('objects that all know each other are copied within bounds', () => {
    const all = Array.from({ length: 30 }, (): Record<string, unknown> => ({}));
    for (const one of all) all.forEach((other, index) => (one[`k${index}`] = other));
    expect(redact(all)).toHaveLength(30);
  });

  test.each([
    ['Authorization: ApiKey canary123456', 'Authorization: [redacted]'],
    ['a\nCookie: a=1; sid=canary\nHost: b', 'a\nCookie: [redacted]\nHost: b'],
    ['set-cookie: sid=canary; HttpOnly', 'set-cookie: [redacted]'],
    ['Proxy-Authorization: Negotiate YIIcanary', 'Proxy-Authorization: [redacted]'],
  ])('a header is redacted to its end: %j', (text, safe) => {
    expect(redact(text)).toBe(safe);
  });

  test.each(['set-cookie', 'Proxy-Authorization', 'cookie'])('%s is a telling name', (name) => {
    expect(redact({ [name]: 'canary' })).toEqual({ [name]: '[redacted]' });
  });
});
