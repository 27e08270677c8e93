import { SecretsError } from '../errors.js';

/** What Vault's words amount to. */
export type VaultReason =
  | 'sealed'
  | 'standby'
  | 'rate limited'
  | 'invalid token'
  | 'permission denied'
  | 'not consistent yet'
  | 'no such mount'
  | 'not found'
  | 'deleted'
  | 'redirected'
  | 'refused';

/** The first that fits. The words themselves are not kept: they quote paths. */
const BY_WORDS: readonly (readonly [RegExp, VaultReason])[] = [
  [/vault is sealed/i, 'sealed'],
  [/local node not active|standby/i, 'standby'],
  [/rate limit quota/i, 'rate limited'],
  [/invalid token|token expired/i, 'invalid token'],
  [/permission denied/i, 'permission denied'],
  [/required index state not present/i, 'not consistent yet'],
  [/no handler for route/i, 'no such mount'],
];

const BY_STATUS: Readonly<Record<number, VaultReason>> = {
  403: 'permission denied',
  404: 'not found',
  412: 'not consistent yet',
  429: 'rate limited',
  472: 'standby',
  473: 'standby',
};

export const reasonOf = (status: number, errors: readonly unknown[]): VaultReason => {
  const words = errors.filter((each) => typeof each === 'string').join('\n');
  const found = BY_WORDS.find(([pattern]) => pattern.test(words))?.[1];
  return found ?? BY_STATUS[status] ?? (status < 400 ? 'redirected' : 'refused');
};

/** Seconds, or a date; anything else would be a server's words. */
const RETRY_AFTER = /^[\w ,:+]{1,40}$/;

/**
 * Vault answered, and not with what was asked for. `classifyError` goes by `status`: 5xx, 412, 429, 472 and 473 are
 * transient, 404 is `notFound`, 403 `authorization` — or `authentication` where Vault says that the token is invalid.
 */
export class VaultError extends SecretsError {
  declare readonly name: 'VaultError';
  readonly status: number;
  readonly reason: VaultReason;
  /** `retry-after`, where Vault sent it. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, reason: VaultReason, retryAfter?: string | null) {
    super(`Vault answered ${status}: ${reason}`, 'VAULT_ANSWER', { name: 'VaultError' });
    this.status = status;
    this.reason = reason;
    this.headers = Object.freeze(
      retryAfter == null || !RETRY_AFTER.test(retryAfter) ? {} : { 'retry-after': retryAfter },
    );
  }
}
