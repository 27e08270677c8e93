import { ConfigurationError } from '@holdfast/core';
import { namesOf } from '../sdk-names.js';

/** As the SDK has them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export type AwsCredentialsProvider = (options?: Record<string, unknown>) => Promise<AwsCredentials>;

/** What is used of the SDK's `SecretsManagerClient`. */
export interface AwsClient {
  send(command: never, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
  destroy(): void;
  readonly config: {
    readonly region?: unknown;
    /** Kept by the SDK until shortly before they end; `forceRefresh` has new ones. */
    readonly credentials?: unknown;
    readonly requestHandler?: unknown;
    readonly systemClockOffset?: unknown;
  };
}

/** What the SDK's client is made with. */
export interface ClientConfig {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: AwsCredentials | AwsCredentialsProvider;
  readonly requestHandler?: object;
  /** Milliseconds that this machine's clock is behind, as the SDK has learnt it. */
  readonly systemClockOffset?: number;
}

/** Asks for new credentials first, whatever the provider has kept. */
const forced = (provider: AwsCredentialsProvider): AwsCredentialsProvider => {
  let isFirst = true;
  return (options) => {
    const forcing = isFirst ? { forceRefresh: true } : {};
    isFirst = false;
    return provider({ ...options, ...forcing });
  };
};

/** The next client has the connections of the old one and what that one has learnt, but for its credentials. */
export const successorOf = ({ config: old }: AwsClient, config: ClientConfig): ClientConfig => {
  const { requestHandler, systemClockOffset } = old;
  const { credentials } = config;
  return {
    ...config,
    ...(typeof credentials === 'function' && { credentials: forced(credentials) }),
    ...(typeof requestHandler === 'object' && requestHandler !== null && { requestHandler }),
    ...(typeof systemClockOffset === 'number' && { systemClockOffset }),
  };
};

export interface GetSecretValue {
  readonly SecretId: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
}

/** The vendor's package. */
export interface AwsSdk {
  client(config: ClientConfig): AwsClient;
  getSecretValue(input: GetSecretValue): unknown;
}

const PACKAGE = '@aws-sdk/client-secrets-manager';

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  /^(?:ERR_)?MODULE_NOT_FOUND$/.test(String(error.code));

/** Loads the SDK, which nobody needs who keeps no secrets at AWS. @throws ConfigurationError when it is not installed. */
export const loadSdk = async (): Promise<AwsSdk> => {
  try {
    const sdk = await import('@aws-sdk/client-secrets-manager');
    const { SecretsManagerClient, GetSecretValueCommand } = namesOf(sdk, 'SecretsManagerClient');
    return {
      // One attempt: those of the SDK would multiply those of the provider's own retry.
      client: (config) => new SecretsManagerClient({ ...config, maxAttempts: 1 }),
      getSecretValue: (input) => new GetSecretValueCommand(input),
    };
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new ConfigurationError(`AwsSecrets: ${PACKAGE} is not installed; npm install ${PACKAGE}`, {
      option: PACKAGE,
    });
  }
};
