import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { Secret, SecretEnvelope, maskSecret, redact } from '../src/index.js';

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

test('maskSecret shows two characters of a long secret and nothing of a short one', () => {
  expect([maskSecret('hunter2'), maskSecret(new Secret('a-very-long-password-42'))]).toEqual([
    '********',
    '********42',
  ]);
});
