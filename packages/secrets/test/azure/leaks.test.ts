import { health, stats } from '@holdfast/core';
import { inspect } from 'node:util';
import { NEW, OLD, azureWorld } from './world.js';

/** Values, tokens, client secrets, and the names of secrets but in the server's own log. */
const CREDENTIALS = ['canary', 'eyJ0', 'AADSTS', 'Bearer'];

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

/** Reads through every kind of trouble; returns what was told. */
const aBadDay = async (): Promise<string[]> => {
  const printed: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const complain = jest.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const lines: unknown[] = [];
  const keep = (...values: unknown[]): void => void lines.push(...values);
  const world = await azureWorld({ circuitBreaker: { failureThreshold: 1_000 } });
  const { azure, server, credential, clock, ended, errorOf, runtime, events } = world;
  runtime.configure({ logger: { debug: keep, info: keep, warn: keep, error: keep } });
  const errors: unknown[] = [];
  const failing = async (path = 'canary-name'): Promise<void> => void errors.push(await errorOf(azure.get(path)));
  const refusal = { code: 'canary code', innerCode: 'canary inner', message: `${OLD.password} for eyJ0` };

  await ended(azure.get('db'));
  server.setSecret('db', JSON.stringify(NEW));
  credential.expireToken();
  await ended(azure.get('db', { bypassCache: true }));
  for (const kind of ['ForbiddenByPolicy', 'ForbiddenByRbac', 'ForbiddenByFirewall'] as const) {
    server.deny('canary-name', kind);
    await failing();
  }
  server.allow('canary-name');
  await failing();
  await failing('canary/path/too long');
  server.setSecret('canary-name', '1', { enabled: false });
  await failing();
  for (const status of [400, 409, 429, 500, 503]) {
    server.failNext({
      ...refusal,
      status,
      headers: { 'retry-after': 'canary!', 'x-ms-request-id': 'canary' },
      times: 3,
    });
    await failing();
  }
  server.failNext({ status: 502, times: 3 });
  await failing();
  await server.partition();
  await clock.advance(300_000);
  await ended(azure.get('db'));
  await failing();
  await server.heal();
  server.challengeWith('https://canary.example');
  credential.expireToken();
  await failing();
  server.challengeWith('https://vault.azure.net');
  for (const trouble of ['refused', 'unavailable', 'outage'] as const) {
    credential.deny(trouble);
    credential.expireToken();
    await failing();
  }
  errors.push(await errorOf(azure.check()));
  credential.allow();
  server.hang();
  await failing();
  await server.heal();
  write.mockRestore();
  complain.mockRestore();

  expect([...new Set(errors.map((error) => (error as Error).name))].sort()).toEqual([
    'AzureAuthenticationError',
    'AzureSecretsError',
    'SecretsError',
    'TimedOutError',
  ]);
  expect([errors.length, events.events.length > 50, lines.length > 20]).toEqual([19, true, true]);
  const envelope = await ended(azure.read('db', { bypassCache: true }));
  const facts = [runtime.health(), runtime.stats(), health(), stats(), azure.stats, azure.circuit.metrics, azure];
  return [...errors.map(told), ...[envelope, events.events, lines, facts, printed].map(everything)];
};

test('no secret, token, name, or word of server or directory is in an event, log, error, count, or printed line', async () => {
  for (const text of await aBadDay()) {
    for (const credential of CREDENTIALS) {
      const at = text.indexOf(credential);
      expect(at < 0 ? undefined : text.slice(Math.max(0, at - 80), at + 40)).toBeUndefined();
    }
  }
});
