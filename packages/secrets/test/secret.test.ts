import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { Secret, SecretEnvelope, maskSecret, redact } from '../src/index.js';
import { dataOfBytes } from '../src/provider/secret-text.js';

const CANARY = 'canary-7f3a9c';

/** As a template or a `+` would. */
const templated = (value: unknown): string => `in ${value as string} text`;

/** Every way in which a value may find its way into a text. */
const printed = (value: object, text: (value: object) => string = String): Record<string, string> => ({
  text: text(value),
  template: templated(value),
  json: JSON.stringify({ value, list: [value] }),
  inspected: inspect({ value }, { showHidden: true, depth: 9, getters: true }),
  plain: inspect(value, { customInspect: false, showHidden: true, depth: 9 }),
  formatted: format('%s %o %O %j', value, value, value, value),
  spread: inspect({ ...value }),
  entries: JSON.stringify(Object.entries(value)),
  keys: JSON.stringify(Reflect.ownKeys(value).map(String)),
  cloned: inspect(structuredClone(value), { depth: 9 }),
  serialized: serialize(value).toString('latin1'),
  cause: inspect(new Error('failed', { cause: value }), { depth: 9 }),
});

test('no print path shows a secret', () => {
  const secret = new Secret(CANARY);
  for (const [path, text] of Object.entries(printed(secret)))
    expect([path, text.includes(CANARY)]).toEqual([path, false]);
  expect([String(secret), JSON.stringify(secret), inspect(secret)]).toEqual(['[secret]', '"[secret]"', '[secret]']);
  expect(secret.reveal()).toBe(CANARY);
});

test('no print path shows the data of an envelope, and its lease is shown', () => {
  const lease = { id: 'database/creds/app/1', duration: 60, renewable: true };
  const envelope = new SecretEnvelope({ data: { password: CANARY }, lease, metadata: undefined });
  for (const [path, text] of Object.entries(printed(envelope)))
    expect([path, text.includes(CANARY)]).toEqual([path, false]);
  expect(inspect(envelope)).toContain('duration: 60');
  expect(envelope.data.password).toBe(CANARY);
});

test('redact hides telling names and every form of the secrets given', () => {
  const encoded = [CANARY, encodeURIComponent(CANARY), Buffer.from(CANARY).toString('base64')];
  const log = {
    text: `tried ${encoded.join(' and ')}`,
    dbPassword: 'x',
    nested: [{ api_key: 'y', Authorization: 'Bearer z', user: 'app' }],
    map: new Map([['token', 'w']]),
    wrapped: new Secret('v'),
    error: Object.assign(new Error(`no ${CANARY}`, { cause: new Error(CANARY) }), { token: 'u' }),
  };
  const text = inspect(redact(log, [new Secret(CANARY)]), { depth: 9 });
  for (const each of [...encoded, "'x'", "'y'", "'z'", "'w'", "'v'", "'u'"])
    expect([each, text.includes(each)]).toEqual([each, false]);
  expect(text).toContain("user: 'app'");
  expect(redact(`a ${CANARY} b`, [CANARY])).toBe('a [redacted] b');
});

test('redact finds secrets with quotes in JSON, leaves short ones alone, and ends on cycles', () => {
  const quoted = 'say "friend" & enter';
  expect(redact(JSON.stringify({ a: quoted }), [quoted])).toBe('{"a":"[redacted]"}');
  expect(redact('abc', ['abc'])).toBe('abc');
  const cycle: Record<string, unknown> = { name: 'x' };
  cycle['self'] = cycle;
  expect(redact(cycle)).toEqual({ name: 'x', self: '[…]' });
  expect(redact(null)).toBeNull();
});

test('redact knows every secret alive, and what was read and is kept, without being told', () => {
  const secret = new Secret('alive-and-kicking');
  const data = { db_pass: 'read-from-vault', db_host: 'postgres', nested: { keys: ['first-key-of-two'] } };
  const envelope = new SecretEnvelope({ data, lease: undefined, metadata: undefined });
  const line = `${secret.reveal()} ${data.db_pass} ${data.nested.keys[0]} at postgres`;
  expect(redact(line)).toBe('[redacted] [redacted] [redacted] at postgres');
  expect(envelope.data.db_host).toBe('postgres');
});

test('redact shows no bytes, and finds those that were read in base64 and hex', () => {
  const bytes = Uint8Array.from([0, 255, 128, 7, 99, 200]);
  const envelope = new SecretEnvelope({ data: dataOfBytes(bytes), lease: undefined, metadata: undefined });
  expect(redact({ key: bytes, text: 'AP+AB2PI or 00ff800763c8' })).toEqual({
    key: '[6 bytes]',
    text: '[redacted] or [redacted]',
  });
  expect(envelope.data['value']).toEqual(bytes);
});

test('what redact knows lives no longer for it', async () => {
  const make = (): WeakRef<object> => new WeakRef(new Secret('short-lived-secret'));
  const reference = make();
  for (let n = 0; n < 10 && reference.deref() !== undefined; n += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  expect(reference.deref()).toBeUndefined();
  expect(redact('short-lived-secret')).toBe('short-lived-secret');
});

test.each([
  ['authorization: bearer abc.DEF-123', 'authorization: [redacted] [redacted]'],
  ['Basic dXNlcjpwYXNz and basic functionality', 'Basic [redacted] and basic functionality'],
  ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!', 'jwt [redacted]!'],
  ['X-Vault-Token: hvs.CAESIabcdefghijk', 'X-Vault-Token: [redacted]'],
  ['got hvs.CAESIabcdefghijk back', 'got [redacted] back'],
  ['{"client_secret":"a\\"b","user":"ann"}', '{"client_secret":[redacted],"user":"ann"}'],
  ["{'api_key': 'x y'}", "{'api_key': [redacted]}"],
  ['password=hunter2&user=ann', 'password=[redacted]&user=ann'],
  ['https://ann:p@ss@host/p?a=b:c@d', 'https://[redacted]@host/p?a=b:c@d'],
  ['postgres://app:pw@db:5432/x', 'postgres://[redacted]@db:5432/x'],
  ['the token expired, no secret was found', 'the token expired, no secret was found'],
])('redact: %s', (text, expected) => {
  expect(redact(text)).toBe(expected);
});

test.each([['a'], ['token'], ['\\'], ['x://'], ['"token":'], ['Basic ']])(
  'redact comes to an end with a long text of %s: no expression backtracks',
  (part) => {
    expect(redact(part.repeat(100_000)).length).toBeGreaterThan(0);
  },
);

test('maskSecret shows two characters of a long secret and nothing of a short one', () => {
  expect([maskSecret('hunter2'), maskSecret(new Secret('a-very-long-password-42'))]).toEqual([
    '********',
    '********42',
  ]);
});
