import { coded, withStatus } from '../../test/support/virtual-world.js';
import { ConfigurationError } from './configuration-error.js';
import { loadVerdict } from './overload.js';
import { RejectedError } from './rejected-error.js';
import { TimedOutError } from './timed-out-error.js';

const verdict = (error: unknown, classifiers: Parameters<typeof loadVerdict>[0]['classifiers'] = []): string =>
  loadVerdict({ error, method: 'Api.load', classifiers, report: () => undefined });

const refusal = (method: string): RejectedError => new RejectedError('refused', { code: 'BULKHEAD_FULL', method });

test.each<[string, unknown]>([
  ['a timeout of ours', new TimedOutError('Api.load', 'attempt', 100)],
  ['a refusal of a nested method', refusal('Api.other')],
  ...[408, 429, 502, 503, 504, 529].map((status): [string, unknown] => [`status ${status}`, withStatus(status)]),
  ...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT'].map((code): [string, unknown] => [code, coded(code)]),
  ['a status in the cause', new Error('wrapped', { cause: withStatus(503) })],
])('%s is a sign of overload', (_name, error) => {
  expect(verdict(error)).toBe('overloaded');
});

test.each<[string, unknown]>([
  ...[400, 401, 404, 412, 500].map((status): [string, unknown] => [`status ${status}`, withStatus(status)]),
  ['an error without a reason', new Error('no such product')],
])('%s is an answer', (_name, error) => {
  expect(verdict(error)).toBe('answered');
});

test.each([
  ['a refusal by the method’s own policies', refusal('Api.load')],
  ['an abort', new DOMException('left', 'AbortError')],
  ['a mistake in the program', new TypeError('x is not a function')],
  ['a ConfigurationError', new ConfigurationError('wrong', {})],
])('%s says nothing', (_name, error) => {
  expect(verdict(error)).toBe('silent');
});

test('classifiers are asked first', () => {
  const sawBusy = (error: unknown): 'transient' | undefined =>
    (error as Error).message === 'busy' ? 'transient' : undefined;
  expect(verdict(new Error('busy'), [sawBusy])).toBe('overloaded');
});
