import { health, stats } from '@holdfast/core';
import { inspect } from 'node:util';
import { type VaultSecrets, appRoleAuth, tokenAuth } from '../../src/index.js';
import { NEW, OLD, PATH, worldWith } from './world.js';

const CREDENTIALS = ['canary', 'hvs.'];

const everything = (value: unknown): string =>
  [
    inspect(value, { depth: 12, showHidden: true }),
    JSON.stringify(value),
    inspect(value, { customInspect: false, depth: 12 }),
  ].join('\n');

/** Of an error all that a logger may print: message, stack, own properties, causes. */
const told = (error: unknown): string => {
  const { stack, message, cause } = error as Error;
  return [everything(error), stack, message, cause === undefined ? '' : told(cause)].join('\n');
};

/** Reads through every kind of trouble; returns what it was told. */
const aBadDay = async (): Promise<{ texts: string[]; vault: VaultSecrets }> => {
  const printed: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const complain = jest.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const log = { lines: [] as unknown[] };
  const keep = (...values: unknown[]): void => void log.lines.push(...values);
  const appRole = { roleId: 'canary-role', secretId: 'canary-secret-id', tokenTtl: 3_600 };
  const roles = { 'database/creds/app': {} };
  const world = await worldWith({ auth: appRoleAuth(appRole) }, { appRole, roles, token: 'canary-root' });
  const { vault, server, clock, ended, errorOf, runtime, events } = world;
  runtime.configure({ logger: { debug: keep, info: keep, warn: keep, error: keep } });
  const errors: unknown[] = [];

  await ended(vault.warm([PATH, 'database/creds/app', 'secret/free']));
  server.setSecret(PATH, NEW);
  server.expireToken();
  await ended(vault.get(PATH, { bypassCache: true }));
  server.failNext({ status: 400, errors: [`bad value ${OLD.password} for hvs.canary`] });
  errors.push(await errorOf(vault.get('secret/other')));
  server.throttle({ times: 9 });
  errors.push(await errorOf(vault.get('secret/another')));
  await server.heal();
  server.seal();
  await clock.advance(400_000);
  await ended(vault.get(PATH));
  for (let n = 0; n < 6; n += 1) errors.push(await errorOf(vault.get(`secret/sealed/${n}`)));
  await server.heal();
  await server.partition();
  await clock.advance(4_000_000);
  errors.push(await errorOf(vault.get(PATH)));
  await server.heal();
  await clock.advance(60_000);
  server.deny('secret/data/app');
  errors.push(await errorOf(vault.get(PATH)));
  write.mockRestore();
  complain.mockRestore();

  expect(errors).toHaveLength(10);
  expect([...new Set(errors.map((error) => (error as Error).name))].sort()).toEqual([
    'CircuitOpenError',
    'TypeError',
    'VaultError',
  ]);
  expect([events.events.length > 50, log.lines.length > 20]).toEqual([true, true]);
  const facts = [runtime.health(), runtime.stats(), health(), stats(), vault.stats, vault.circuit.metrics, vault];
  const requests = server.requests.recent;
  const texts = [...errors.map(told), ...[events.events, log.lines, facts, requests, printed].map(everything)];
  return { texts, vault };
};

test('no secret, token or path is in an event, log, error, count, or printed line', async () => {
  const { texts } = await aBadDay();
  for (const text of texts) {
    for (const credential of CREDENTIALS) {
      const at = text.indexOf(credential);
      expect(at < 0 ? undefined : text.slice(Math.max(0, at - 80), at + 40)).toBeUndefined();
    }
  }
  // The server's own log has paths, of course.
  const ours = texts.toSpliced(-2, 1);
  for (const text of ours) expect(text.includes('app/db')).toBe(false);
});

test('a token that no header can carry is not quoted by the error', async () => {
  expect(() => tokenAuth('canary\ntoken')).toThrow(/^tokenAuth: token must be a non-empty string without blanks$/);
  const { vault, errorOf } = await worldWith({ auth: tokenAuth(() => 'canary\ntoken'), retry: { maxAttempts: 1 } });
  const error = await errorOf(vault.get(PATH));
  expect([(error as Error).name, told(error).includes('canary')]).toEqual(['SecretFormatError', false]);
});
