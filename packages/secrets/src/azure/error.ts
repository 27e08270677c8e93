import { SecretsError } from '../errors.js';

/** What Key Vault's answer amounts to. `'expired'`: it answered, with a secret whose own `exp` is over. */
export type AzureReason =
  | 'unauthenticated'
  | 'foreign challenge'
  | 'forbidden by policy'
  | 'forbidden by role'
  | 'forbidden by firewall'
  | 'forbidden'
  | 'disabled'
  | 'expired'
  | 'not found'
  | 'throttled'
  | 'unavailable'
  | 'unreachable'
  | 'refused'
  | 'failed';

/** Facts of an answer that are kept. All else of it may hold a token, a name or a secret. */
export interface AzureErrorFacts {
  readonly status?: number | undefined;
  readonly errorCode?: unknown;
  readonly innerCode?: unknown;
  readonly requestId?: unknown;
  readonly retryAfter?: unknown;
  readonly cause?: unknown;
}

const BY_INNER_CODE: Readonly<Record<string, AzureReason>> = {
  ForbiddenByPolicy: 'forbidden by policy',
  ForbiddenByRbac: 'forbidden by role',
  ForbiddenByFirewall: 'forbidden by firewall',
  SecretDisabled: 'disabled',
};

const BY_STATUS: Readonly<Record<number, AzureReason>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not found',
  429: 'throttled',
};

export const reasonOf = (status: number, innerCode: unknown): AzureReason => {
  const known = status === 403 && typeof innerCode === 'string' ? BY_INNER_CODE[innerCode] : undefined;
  return known ?? BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'refused');
};

/** A word of the interface, and nothing that could be a message. */
const CODE = /^[A-Z][A-Za-z]{1,47}$/;
const REQUEST_ID = /^[0-9A-Fa-f-]{8,64}$/;
/** Seconds, or a date. */
const RETRY_AFTER = /^[\w ,:+]{1,40}$/;

const matching = (value: unknown, pattern: RegExp): string | undefined =>
  typeof value === 'string' && pattern.test(value) ? value : undefined;

/**
 * Key Vault did not give what was asked for, or could not be reached. `classifyError` goes by `status`: 429 and 5xx are
 * transient, 404 is `notFound`, 403 `authorization` and 401 `authentication`. Of the SDK's own error, which holds the
 * request and the answer, nothing else is kept.
 */
export class AzureSecretsError extends SecretsError {
  declare readonly name: 'AzureSecretsError';
  readonly reason: AzureReason;
  /** 403 for `'expired'`, whatever Key Vault answered; undefined where there was no answer. */
  readonly status: number | undefined;
  /** Key Vault's own: `Forbidden`, `SecretNotFound`. */
  readonly errorCode: string | undefined;
  /** `ForbiddenByRbac`, `SecretDisabled`. */
  readonly innerCode: string | undefined;
  /** What the vendor's support asks for. */
  readonly requestId: string | undefined;
  /** `retry-after`, where it was sent. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(message: string, reason: AzureReason, facts: AzureErrorFacts = {}) {
    const code = facts.status === undefined ? 'AZURE_UNREACHABLE' : 'AZURE_ANSWER';
    super(message, code, { name: 'AzureSecretsError', cause: facts.cause });
    this.reason = reason;
    this.status = facts.status;
    this.errorCode = matching(facts.errorCode, CODE);
    this.innerCode = matching(facts.innerCode, CODE);
    this.requestId = matching(facts.requestId, REQUEST_ID);
    const retryAfter = matching(facts.retryAfter, RETRY_AFTER);
    this.headers = Object.freeze(retryAfter === undefined ? {} : { 'retry-after': retryAfter });
  }
}

/** There is no token and none can be had: the credential is unavailable, or the directory refused it. */
export class AzureAuthenticationError extends SecretsError {
  declare readonly name: 'AzureAuthenticationError';
  /** 401, whatever the directory answered: what `classifyError` goes by. */
  readonly status = 401;

  constructor(message: string) {
    super(message, 'AZURE_AUTHENTICATION', { name: 'AzureAuthenticationError' });
  }
}
