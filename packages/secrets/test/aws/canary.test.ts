import { health, stats } from '@holdfast/core';
import { inspect } from 'node:util';
import type { AwsSecretsOptions } from '../../src/index.js';
import { NEW, PATH, type World, worldWith } from './world.js';

const WORDS = ['canary', 'ASIA', 'IQoJ', 'Signature='];

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

const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** A world whose logger keeps what it is told. */
const loggedWorld = async (options: AwsSecretsOptions = {}): Promise<World & { readonly lines: unknown[] }> => {
  const lines: unknown[] = [];
  const keep = (...values: unknown[]): void => void lines.push(...values);
  const world = await worldWith(options);
  world.runtime.configure({ logger: { debug: keep, info: keep, warn: keep, error: keep } });
  return { ...world, lines };
};

const expectNothingTold = (world: World & { readonly lines: unknown[] }, errors: readonly unknown[]): void => {
  const { aws, runtime, events, lines, server } = world;
  const facts = [runtime.health(), runtime.stats(), health(), stats(), aws.stats, aws.circuit.metrics, aws];
  const ours = [...errors.map(told), ...[events.events, lines, facts, printed].map(everything)];
  for (const text of [...ours, everything(server.requests.recent)]) {
    for (const word of WORDS) {
      const at = text.indexOf(word);
      expect(at < 0 ? undefined : text.slice(Math.max(0, at - 80), at + 40)).toBeUndefined();
    }
  }
  for (const text of ours) expect(text.includes(PATH)).toBe(false);
};

const FAILURES = [
  ...['ExpiredTokenException', 'AccessDeniedException', 'DecryptionFailure', 'ResourceNotFoundException'],
  ...['InvalidRequestException', 'InvalidParameterException', 'ThrottlingException', 'InternalServiceError', 'Odd'],
  'Odd type with canary',
];

test('no secret, key, path or word of AWS is in an error, event, log, count, or printed line', async () => {
  const world = await loggedWorld();
  const { aws, server, clock, ended, errorOf } = world;
  const errors: unknown[] = [];
  await ended(aws.warm([PATH, 'app/none']));
  server.setSecret(PATH, NEW);
  server.expireCredentials();
  await ended(aws.get(PATH, { bypassCache: true }));
  for (const type of FAILURES) {
    server.failNext({ type, message: `canary ${PATH}`, times: 3, headers: { 'x-canary': 'canary' } });
    errors.push(await errorOf(aws.get(`app/other/${type.length}`)));
    await server.heal();
    await clock.advance(60_000);
  }
  server.revokeCredentials();
  errors.push(await errorOf(aws.get('app/revoked')));
  await server.partition();
  errors.push(await errorOf(aws.get('app/unreachable')));
  await clock.advance(400_000);
  await ended(aws.get(PATH).catch((error: unknown) => errors.push(error)));
  await server.heal();
  server.hang();
  await clock.advance(60_000);
  errors.push(await errorOf(aws.get('app/hanging')));
  const reading = aws.get('app/closed');
  await clock.settle();
  await aws.close();
  errors.push(await errorOf(reading));
  expect(errors.length).toBeGreaterThan(13);
  expect(world.lines.length).toBeGreaterThan(20);
  expectNothingTold(world, errors);
});

/** As the SDK's handlers answer. */
const answering = (statusCode: number, text: string) => ({
  metadata: { handlerProtocol: 'http/1.1' },
  handle: async () => ({ response: { statusCode, headers: {}, body: Buffer.from(text) } }),
  destroy: () => undefined,
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
});

const UNREAD = 'SecretFormatError: the answer is not what Secrets Manager sends';
const EMPTY = 'SecretFormatError: the answer has neither text nor bytes';

test.each([
  ['half an answer', 200, '{"SecretString":"canary', UNREAD],
  ['a page', 200, '<html>canary</html>', UNREAD],
  ['a page of a proxy', 503, '<html>canary</html>', 'AwsSecretsError: AWS answered 503 without JSON'],
  ['an error without a name', 400, '{"canary":"canary"}', 'AwsSecretsError: AWS answered Unknown'],
  ['an answer without a secret', 200, '{"Name":"canary"}', EMPTY],
  ['a secret of another type', 200, '{"SecretString":{"canary":1}}', EMPTY],
  ['bytes that are no base64', 200, '{"SecretBinary":"canary!"}', UNREAD],
  ['a time that is none', 200, '{"SecretString":"canary","CreatedDate":"canary"}', UNREAD],
  ['nothing', 200, '', EMPTY],
])('%s is not quoted', async (_, statusCode, text, expected) => {
  const world = await loggedWorld({ requestHandler: answering(statusCode, text), retry: { maxAttempts: 1 } });
  const error = await world.errorOf(world.aws.get(PATH));
  expect(String(error)).toBe(expected);
  expect(world.aws.stats.size).toBe(0);
  expectNothingTold(world, [error]);
});

test.each([
  ['a provider of credentials that throws', async () => Promise.reject(new Error('canary'))],
  ['one that throws no error', async () => Promise.reject<never>('canary')],
  ['one that has none', async () => ({ canary: 1 }) as never],
  ['one that has what no header can carry', async () => ({ accessKeyId: 'canary\n', secretAccessKey: 'canary' })],
])('%s is not quoted', async (_, credentials) => {
  const world = await loggedWorld({ credentials, retry: { maxAttempts: 1 } });
  const errors = [await world.errorOf(world.aws.get(PATH))];
  await world.ended(world.aws.check().catch((error: unknown) => errors.push(error)));
  expectNothingTold(world, errors);
});
