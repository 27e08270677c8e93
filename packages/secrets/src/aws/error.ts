import { SecretFormatError, SecretsError } from '../errors.js';

/** A name that AWS gives an error is one word; free text in its place would be a server's. */
const WORD = /^[\w.:#-]{1,64}$/;

const CREDENTIALS: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'ProviderError',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
]);

/** What is not in here and not `CREDENTIALS` goes by its HTTP status. */
const STATUSES: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  AccessDeniedException: 403,
  DecryptionFailure: 403,
  NotAuthorized: 403,
  OptInRequired: 403,
  UnauthorizedOperation: 403,
  // Of a read it means that the secret is marked for deletion.
  InvalidRequestException: 404,
  ResourceNotFoundException: 404,
  InternalFailure: 500,
  InternalServerError: 500,
  InternalServiceError: 500,
  InternalServiceErrorException: 500,
  RequestTimeout: 503,
  RequestTimeoutException: 503,
  ServiceUnavailable: 503,
  ServiceUnavailableException: 503,
};

const THROTTLING = /throttl|^TooManyRequests|RequestLimitExceeded|^SlowDown$|BandwidthLimitExceeded/i;

const statusOf = (name: string, httpStatus: number | undefined): number | undefined => {
  if (CREDENTIALS.has(name)) return 401;
  return STATUSES[name] ?? (THROTTLING.test(name) ? 429 : httpStatus);
};

interface Facts {
  readonly reason: string;
  readonly httpStatus?: number | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfter?: string | undefined;
  readonly cause?: unknown;
  /** What there was not, where nothing was answered. Default 'no answer from AWS'. */
  readonly missing?: string | undefined;
}

/**
 * AWS answered, and not with a secret, or could not be asked: there were no credentials, or no connection. AWS says 400
 * to nearly everything, so `status` is what the error's name amounts to, and `classifyError` goes by it: 401 for
 * credentials that are no good, 403 for a policy or a key that refuses, 404 for what is not there or marked for deletion,
 * 429 and 5xx for what passes.
 */
export class AwsSecretsError extends SecretsError {
  declare readonly name: 'AwsSecretsError';
  /** How AWS calls the error: `'AccessDeniedException'`; of a connection its code: `'ECONNREFUSED'`. */
  readonly reason: string;
  /** What the reason amounts to; undefined where nothing was answered. */
  readonly status: number | undefined;
  /** What was answered; undefined where nothing was. */
  readonly httpStatus: number | undefined;
  /** For the support of AWS. */
  readonly requestId: string | undefined;
  /** `retry-after`, where it was sent. */
  readonly headers: Readonly<Record<string, string>>;
  constructor({ reason, httpStatus, requestId, retryAfter, cause, missing }: Facts) {
    const status = statusOf(reason, httpStatus);
    super(
      httpStatus === undefined ? `${missing ?? 'no answer from AWS'}: ${reason}` : `AWS answered ${reason}`,
      'AWS_ANSWER',
      {
        name: 'AwsSecretsError',
        cause,
      },
    );
    this.reason = reason;
    this.status = status;
    this.httpStatus = httpStatus;
    this.requestId = requestId;
    this.headers = Object.freeze(retryAfter === undefined ? {} : { 'retry-after': retryAfter });
  }
}

/** What the SDK's errors have, if they are such. */
interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly $metadata?: {
    readonly httpStatusCode?: unknown;
    readonly requestId?: unknown;
  };
  readonly $response?: { readonly headers?: Readonly<Record<string, unknown>> };
}

const wordOf = (value: unknown): string | undefined =>
  typeof value === 'string' && WORD.test(value) ? value : undefined;

/** Of a connection that failed, what `classifyError` goes by; its words stay behind. */
const connectionCause = (code: string, syscall: unknown): Error =>
  Object.assign(new Error('the connection failed'), { code, ...(typeof syscall === 'string' && { syscall }) });

/**
 * The SDK's error without what it carries along: the whole answer, the request's headers, the server's words. Of an
 * answer that could not be read the SDK's error even quotes the secret.
 */
export const withoutAnswer = (error: unknown, missing?: string): Error => {
  if (error instanceof SecretsError) return error;
  const { name, code, syscall, $metadata, $response } = (error ?? {}) as SdkError;
  const httpStatus = typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;
  const isUnread = httpStatus === undefined ? error instanceof SyntaxError : httpStatus < 300;
  if (isUnread) return new SecretFormatError('the answer is not what Secrets Manager sends');
  const reason = error instanceof SyntaxError ? `${httpStatus} without JSON` : (wordOf(name) ?? 'Error');
  const networkCode = wordOf(code);
  if (httpStatus === undefined && networkCode !== undefined && !CREDENTIALS.has(reason))
    return new AwsSecretsError({ reason: networkCode, cause: connectionCause(networkCode, syscall), missing });
  return new AwsSecretsError({
    reason,
    httpStatus,
    requestId: wordOf($metadata?.requestId),
    retryAfter: wordOf($response?.headers?.['retry-after']),
    missing,
  });
};
