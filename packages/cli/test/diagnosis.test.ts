import { ConfigurationError, HttpError, classifyError, isResilienceError } from '@holdfast/core';
import { diagnose } from '../src/doctor/diagnosis.js';
import { failureOf } from '../src/failures.js';
import { withoutSecrets } from '../src/without-secrets.js';

const subject = { name: 'vault', whereFrom: 'VAULT_ADDR', remedies: { notFound: 'look at the path' } };
const diagnosis = (error: unknown) => diagnose(error, subject, { classify: classifyError, isOurs: isResilienceError });
const withCode = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
const withStatus = (status: number): Error =>
  Object.assign(new Error('the secret is hunter2'), { name: 'SdkError', status });

test.each([
  [withCode('ECONNREFUSED'), 3, 'nothing listens there'],
  [withCode('ENOTFOUND'), 3, 'its name is not known'],
  [withCode('UND_ERR_SOCKET'), 3, 'the connection ended'],
  [withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), 3, 'certificate is not trusted'],
  [new TypeError('fetch failed', { cause: new Error('bad port') }), 3, 'cannot be reached'],
  [Object.assign(new Error('no answer'), { name: 'AwsSecretsError', reason: 'ECONNREFUSED' }), 3, 'nothing listens'],
  [
    Object.assign(new Error('no answer'), { name: 'AzureSecretsError', reason: 'unreachable' }),
    3,
    'the request failed',
  ],
  [new DOMException('late', 'TimeoutError'), 3, 'no answer in time'],
  [new ConfigurationError('VAULT_ADDR is not set'), 2, 'VAULT_ADDR is not set'],
  [withStatus(401), 1, 'SdkError 401'],
  [withStatus(403), 1, 'SdkError 403'],
  [withStatus(404), 1, 'SdkError 404'],
  [withStatus(503), 1, 'SdkError 503'],
  ['a string', 1, 'an unknown error'],
])('%p ends with %i and says: %s', (error, exitCode, message) => {
  const { remedy, ...found } = diagnosis(error);
  expect(found).toMatchObject({ status: 'failed', exitCode });
  expect(found.message).toContain(message);
  expect(found.message).not.toContain('hunter2');
  expect(remedy).not.toBe('');
});

test("a remedy of the provider's own goes before the general one", () => {
  expect(diagnosis(withStatus(404)).remedy).toBe('look at the path');
});

test('an error whose causes go in circles is looked at for a while', () => {
  const error: Error & { cause?: unknown } = new Error('one');
  error.cause = error;
  expect(diagnosis(error).status).toBe('failed');
});

test('our own errors are told in their own words', () => {
  expect(diagnosis(new HttpError(new Response(null, { status: 418 }))).message).toContain('418');
});

test.each(['VAULT_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'AZURE_CLIENT_SECRET', 'VAULT_SECRET_ID', 'DB_PASSWORD'])(
  'the value of %s is never told',
  (name) => {
    expect(withoutSecrets('no entry for s.12345678, s.12345678', { [name]: 's.12345678' })).toBe(
      'no entry for [redacted], [redacted]',
    );
  },
);

test('short values and those of other variables stay', () => {
  expect(withoutSecrets('the path is secret/app', { VAULT_TOKEN: 'the', MLFLOW_VAULT_SECRET_PATH: 'secret/app' })).toBe(
    'the path is secret/app',
  );
});

test('what nobody expected is told with its kind, and how to see more', () => {
  expect(failureOf(new RangeError('odd'))).toMatchObject({ message: 'odd (RangeError)', exitCode: 1 });
  expect(failureOf('thrown').message).toBe('thrown (Error)');
  expect(failureOf(new ConfigurationError('wrong'))).toMatchObject({ exitCode: 2, code: 'CONFIGURATION' });
});
