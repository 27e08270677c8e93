import { ConfigurationError } from '@holdfast/core';
import { namesOf } from '../sdk-names.js';

export interface AzureAccessToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresOnTimestamp: number;
}

export interface AzureTokenOptions {
  readonly abortSignal?: AbortSignal;
  readonly tenantId?: string;
  readonly claims?: string;
  readonly enableCae?: boolean;
}

/** What is used of a `TokenCredential` of `@azure/identity`. */
export interface AzureCredential {
  getToken(scopes: string | string[], options?: AzureTokenOptions): Promise<AzureAccessToken | null>;
}

export interface AzureSecret {
  readonly value?: string;
  readonly properties: {
    readonly version?: string;
    readonly contentType?: string;
    readonly tags?: Readonly<Record<string, string>>;
    readonly createdOn?: Date;
    readonly updatedOn?: Date;
    readonly notBefore?: Date;
    readonly expiresOn?: Date;
  };
}

interface RawAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
}

export interface AzureReadOptions {
  readonly version?: string;
  readonly abortSignal?: AbortSignal;
  readonly onResponse?: (raw: RawAnswer) => void;
}

/** What is used of a `SecretClient` of `@azure/keyvault-secrets`. */
export interface AzureSecretClient {
  readonly vaultUrl: string;
  getSecret(name: string, options?: AzureReadOptions): Promise<AzureSecret>;
  listPropertiesOfSecrets(options?: AzureReadOptions): AsyncIterableIterator<unknown>;
}

/** @throws ConfigurationError that says what to install. */
const missing = (name: string, instead: string, cause: unknown): never => {
  throw new ConfigurationError(
    `AzureSecrets: ${name} cannot be loaded: npm install ${name}, or give the option ${instead}`,
    { option: instead, cause: codeOnly(cause) },
  );
};

/** The loader's words have paths of the machine in them. */
const codeOnly = (cause: unknown): Error =>
  Object.assign(new Error('the package cannot be loaded'), { code: (cause as { code?: unknown } | undefined)?.code });

/** A client whose retries are off: the provider's own count. */
export const loadClient = async (
  vaultUrl: string,
  credential: AzureCredential,
  options: object,
): Promise<AzureSecretClient> => {
  const sdk = await import('@azure/keyvault-secrets').catch((error: unknown) =>
    missing('@azure/keyvault-secrets', 'client', error),
  );
  const { SecretClient } = namesOf(sdk, 'SecretClient');
  return new SecretClient(vaultUrl, credential, { ...options, retryOptions: { maxRetries: 0 } });
};

export const loadDefaultCredential = async (): Promise<AzureCredential> => {
  const sdk = await import('@azure/identity').catch((error: unknown) =>
    missing('@azure/identity', 'credential', error),
  );
  const { DefaultAzureCredential } = namesOf(sdk, 'DefaultAzureCredential');
  return new DefaultAzureCredential();
};
