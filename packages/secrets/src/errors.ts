import { ResilienceError } from '@holdfast/core';

export type SecretsErrorCode =
  | 'SECRETS_CLOSED'
  | 'SECRETS_PATH'
  | 'SECRETS_DENIED'
  | 'SECRET_FORMAT'
  | 'VAULT_AUTHENTICATION'
  | 'VAULT_ANSWER'
  | 'AWS_ANSWER'
  | 'AWS_CREDENTIALS'
  | 'AZURE_AUTHENTICATION'
  | 'AZURE_ANSWER'
  | 'AZURE_UNREACHABLE';

/** The root of this package's errors. None of them has a secret, a token, a path or the server's text in it. */
export class SecretsError extends ResilienceError {
  constructor(
    message: string,
    code: SecretsErrorCode,
    { name = 'SecretsError', cause }: { readonly name?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { code, cause }, name);
  }
}

/** An answer or a secret that is not what it should be. Its text is not in the message, for it may be the secret. */
export class SecretFormatError extends SecretsError {
  declare readonly name: 'SecretFormatError';

  constructor(message: string) {
    super(message, 'SECRET_FORMAT', { name: 'SecretFormatError' });
  }
}

/** There is no valid token and none can be had: the log-in was refused, or a fixed token has ended. */
export class VaultAuthenticationError extends SecretsError {
  declare readonly name: 'VaultAuthenticationError';
  /** 401, whatever Vault answered (400 for a wrong role): what `classifyError` goes by. */
  readonly status = 401;

  constructor(message: string, cause?: unknown) {
    super(message, 'VAULT_AUTHENTICATION', { name: 'VaultAuthenticationError', cause });
  }
}

/** An abort at its root: it is not retried, and no old secret stands in. */
export const closedError = (): SecretsError =>
  new SecretsError('the provider is closed', 'SECRETS_CLOSED', { cause: new DOMException('closed', 'AbortError') });
