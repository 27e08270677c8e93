import { inspect } from 'node:util';
import { Secret, SecretEnvelope, maskSecret, redact } from '../src/index.js';

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

  test('of secrets that are part of each other the longest goes, in whatever order they are given', () => {
    const secrets = ['canary', 'canary-and-more', 'and-more'];
    expect(redact('a canary-and-more b', secrets)).toBe('a [redacted] b');
    expect(redact('a canary-and-more b', secrets.toReversed())).toBe('a [redacted] b');
  });

  test('a secret of six characters is looked for, one of five is not', () => {
    expect(redact('a sixsix b five5 c', ['sixsix', 'five5'])).toBe('a [redacted] b five5 c');
  });

  test.each(['canary', 'canary1', 'canary12'])('base64 of %s goes with its padding, and without', (secret) => {
    const base64 = Buffer.from(secret).toString('base64');
    expect(redact(`a ${base64} b`, [secret])).toBe('a [redacted] b');
    expect(redact(`a ${base64.replaceAll('=', '')} b`, [secret])).toBe('a [redacted] b');
  });

  test('of a form nothing goes but the secret', () => {
    expect(redact('name=ann&q=canary+live&x=1', ['canary live'])).toBe('name=ann&q=[redacted]&x=1');
  });

  test('a Secret is redacted where it stands, and a function told as one', () => {
    const given = new Secret('canary-of-now');
    expect(redact({ a: given, b: () => 1 })).toEqual({ a: '[redacted]', b: '[function]' });
    expect(redact('a canary-of-now b', [given])).toBe('a [redacted] b');
  });

  test('a Secret of another copy of the package is found where it is given, and what is neither text nor Secret hinders nobody', () => {
    const foreign = { reveal: () => 'canary-elsewhere' } as unknown as Secret;
    const given = [undefined, null, {}, 7, foreign] as unknown as Secret[];
    expect(redact('a canary-elsewhere b', given)).toBe('a [redacted] b');
  });

  test('an object that stands in two places is in both copies; around a circle it is there once', () => {
    const shared = { ok: 1 };
    const circle: Record<string, unknown> = { ok: 2 };
    circle['me'] = circle;
    expect(redact([shared, shared, circle])).toEqual([{ ok: 1 }, { ok: 1 }, { ok: 2, me: '[…]' }]);
  });

  test('eight levels are copied, and what is deeper left out', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'leaf' : { in: nested(levels - 1) });
    expect(JSON.stringify(redact(nested(8)))).toContain('leaf');
    expect(JSON.stringify(redact(nested(9)))).toContain('"in":"[…]"');
  });

  test('under a telling name what is not there stays so, and names that are no text tell nothing', () => {
    expect(redact({ password: undefined, token: null })).toEqual({ password: undefined, token: null });
    expect(redact(new Map([[Symbol('token'), 1]]))).toEqual(new Map([['Symbol(token)', 1]]));
  });

  test('errors tell their causes and errors, where they have any', () => {
    const error = new Error('outer', { cause: new Error('canary-inner') });
    expect(redact(error, ['canary-inner'])).toEqual({
      name: 'Error',
      message: 'outer',
      cause: { name: 'Error', message: '[redacted]' },
    });
    expect(Object.keys(redact(new Error('alone')) as object)).toEqual(['name', 'message']);
  });
});

describe('what providers have read', () => {
  const envelope = new SecretEnvelope({
    data: {
      nothing: null,
      attempts: 5,
      host: 'db.canary.example',
      db_username: 'canary-user',
      password: 'canary-password',
      bytes: Buffer.from('canary-bytes'),
      a: { b: { c: { d: { e: 'canary-at-five', f: { g: 'canary-at-six' } } } } },
      u: { v: { w: { x: { y: { z: { last: 'canary-at-seven' } } } } } },
    },
    lease: undefined,
    metadata: undefined,
  });

  test('is found in text of others, down to six levels, also as base64 and hex', () => {
    const { data } = envelope;
    const bytes = data['bytes'] as Buffer;
    for (const text of ['canary-password', 'canary-at-six', bytes.toString('base64'), bytes.toString('hex')])
      expect(redact(`a ${text} b`)).toBe('a [redacted] b');
    expect(redact('a canary-at-seven b')).toBe('a canary-at-seven b');
  });

  test('but not what stands beside secrets and is none', () => {
    const line = 'canary-user@db.canary.example: 5 attempts, null';
    expect(redact(line)).toBe(line);
    expect(envelope.data['attempts']).toBe(5);
  });
});

describe('maskSecret', () => {
  test('shows the last two characters from sixteen on, and of shorter ones nothing', () => {
    expect(maskSecret('fifteen-letters')).toBe('********');
    expect(maskSecret('sixteen--letters')).toBe('********rs');
    expect(maskSecret(new Secret('sixteen--letters'))).toBe('********rs');
  });
});
