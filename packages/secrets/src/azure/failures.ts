import { isResilienceError } from '@holdfast/core';
import { SecretFormatError } from '../errors.js';
import { AzureAuthenticationError, AzureSecretsError, reasonOf } from './error.js';

/** What the SDK told of the answer before it read it. */
export interface AnswerFacts {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

const property = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const answered = (thrown: unknown, { status, header }: AnswerFacts): AzureSecretsError => {
  const error = property(property(thrown, 'details'), 'error');
  const innerCode = property(property(error, 'innerError'), 'code');
  const reason = reasonOf(status, innerCode);
  return new AzureSecretsError(`Key Vault answered ${status}: ${reason}`, reason, {
    status,
    errorCode: property(error, 'code') ?? property(thrown, 'code'),
    innerCode,
    requestId: header('x-ms-request-id'),
    retryAfter: header('retry-after'),
  });
};

/** Codes of Node, and the SDK's own. */
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{2,39}$/;

/** The code says whether the request was sent at all. The SDK's error holds the request, so it is not the cause. */
const unreachable = (whom: string, thrown: unknown): AzureSecretsError | undefined => {
  const code = textOf(property(thrown, 'code'));
  if (!SYSTEM_CODE.test(code)) return undefined;
  const cause = Object.assign(new Error('connection failed'), { code });
  return new AzureSecretsError(`${whom} could not be reached: ${code}`, 'unreachable', { cause });
};

/** As the SDK refuses to answer a challenge: it names the vault's domain, its scheme or its directory wrongly. */
const CHALLENGE = /\bchallenge\b|must use HTTPS/;

const isForeignChallenge = (thrown: unknown): boolean =>
  property(thrown, 'name') === 'Error' && CHALLENGE.test(textOf(property(thrown, 'message')));

/** What the SDK's error itself has of an answer, where it could not read it. */
const answerOf = (thrown: unknown): AnswerFacts | undefined => {
  const [status, headers] = [property(thrown, 'statusCode'), property(property(thrown, 'response'), 'headers')];
  if (typeof status !== 'number') return undefined;
  const get = property(headers, 'get');
  return {
    status,
    header: (name) => (typeof get === 'function' ? (get.call(headers, name) as string | undefined) : undefined),
  };
};

/**
 * What the SDK threw, without what it must not tell. It is no error of the SDK's own where a body is not what it should
 * be: an empty answer of a gateway ends in a TypeError, so the status comes from what was told of the answer.
 */
export const failureOf = (thrown: unknown, told: AnswerFacts | undefined, signal: AbortSignal | undefined): unknown => {
  if (isResilienceError(thrown)) return thrown;
  if (signal?.aborted === true) return signal.reason;
  const answer = told ?? answerOf(thrown);
  if (answer !== undefined)
    return answer.status >= 300 ? answered(thrown, answer) : new SecretFormatError('the answer is no secret');
  if (isForeignChallenge(thrown))
    return new AzureSecretsError('the challenge is not of this vault: no token was sent', 'foreign challenge', {
      status: 401,
    });
  return unreachable('Key Vault', thrown) ?? new AzureSecretsError('Key Vault could not be asked', 'failed');
};

/** Of `@azure/identity`, by name: the classes of two copies of a package are not the same. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
]);

/** Nobody refused anything: there is nothing to log in with. A chain of credentials tells so of each. */
const isUnavailable = (thrown: unknown): boolean => {
  const errors = property(thrown, 'errors');
  if (property(thrown, 'name') === 'CredentialUnavailableError') return true;
  return Array.isArray(errors) && errors.length > 0 && errors.every(isUnavailable);
};

const isTransient = (status: number): boolean => status >= 500 || status === 429 || status === 408;

/** What a credential threw. Its own words quote tenants, clients and what was sent to log in. */
export const loginFailureOf = (thrown: unknown): unknown => {
  if (isResilienceError(thrown) || property(thrown, 'name') === 'AbortError') return thrown;
  const [name, status] = [property(thrown, 'name'), property(thrown, 'statusCode')];
  if (typeof status === 'number' && isTransient(status))
    return new AzureSecretsError(`the directory answered ${status}`, 'unavailable', { status });
  if (REFUSALS.has(name) || typeof status === 'number')
    return new AzureAuthenticationError(
      isUnavailable(thrown) ? 'no credential is available' : 'the log-in was refused',
    );
  return unreachable('the directory', thrown) ?? new AzureSecretsError('the log-in failed', 'failed');
};
