import type { Names } from './variables.js';

/** Every variable that `secretsFromEnv` reads, by what it sets: ours, then MLflow's plugin's, then those of the vendors. */

const ofHoldfast = (name: string): string => `HOLDFAST_SECRETS_${name}`;

export const COMMON = {
  enabled: ['MLFLOW_SECRETS_AUTH_ENABLE'],
  providers: [ofHoldfast('PROVIDERS')],
  allowedHosts: [ofHoldfast('ALLOWED_HOSTS'), 'MLFLOW_SECRETS_ALLOWED_HOSTS'],
  headerName: [ofHoldfast('HEADER_NAME'), 'MLFLOW_AUTH_HEADER_NAME'],
  maxRetries: [ofHoldfast('MAX_RETRIES'), 'MLFLOW_SECRETS_MAX_RETRIES'],
  baseDelay: [ofHoldfast('BASE_DELAY'), 'MLFLOW_SECRETS_BASE_DELAY'],
  maxDelay: [ofHoldfast('MAX_DELAY'), 'MLFLOW_SECRETS_MAX_DELAY'],
  staleIfError: [ofHoldfast('STALE_IF_ERROR')],
  minTtl: [ofHoldfast('MIN_TTL')],
  maxTtl: [ofHoldfast('MAX_TTL')],
  cacheDisabled: [ofHoldfast('CACHE_DISABLED'), 'MLFLOW_SECRETS_CACHE_DISABLED'],
  logLevel: ['HOLDFAST_LOG_LEVEL', 'MLFLOW_SECRETS_LOG_LEVEL'],
} as const satisfies Record<string, Names>;

interface OfProvider {
  readonly enabled: Names;
  /** Where it is. */
  readonly place: Names;
  /** The path or name of the secret. */
  readonly path: Names;
  readonly ttl: Names;
  readonly scheme: Names;
  readonly version: Names;
}

export type EnvProviderKind = 'vault' | 'aws' | 'azure';

export const KINDS: readonly EnvProviderKind[] = ['vault', 'aws', 'azure'];

export const OF_PROVIDER: Readonly<Record<EnvProviderKind, OfProvider>> = {
  vault: {
    enabled: [ofHoldfast('VAULT_ENABLED'), 'MLFLOW_SECRETS_AUTH_ENABLE_VAULT'],
    place: ['VAULT_ADDR'],
    path: [ofHoldfast('VAULT_PATH'), 'MLFLOW_VAULT_SECRET_PATH'],
    ttl: [ofHoldfast('VAULT_TTL'), 'MLFLOW_VAULT_TTL_SEC'],
    scheme: [ofHoldfast('VAULT_SCHEME'), 'MLFLOW_VAULT_AUTH_MODE'],
    version: [],
  },
  aws: {
    enabled: [ofHoldfast('AWS_ENABLED'), 'MLFLOW_SECRETS_AUTH_ENABLE_AWS_SECRETS_MANAGER'],
    place: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    path: [ofHoldfast('AWS_NAME'), 'MLFLOW_AWS_SECRET_NAME', 'MLFLOW_AWS_SECRET_ID'],
    ttl: [ofHoldfast('AWS_TTL'), 'MLFLOW_AWS_TTL_SEC'],
    scheme: [ofHoldfast('AWS_SCHEME'), 'MLFLOW_AWS_AUTH_MODE'],
    version: [ofHoldfast('AWS_VERSION'), 'MLFLOW_AWS_SECRET_VERSION'],
  },
  azure: {
    enabled: [ofHoldfast('AZURE_ENABLED'), 'MLFLOW_SECRETS_AUTH_ENABLE_AZURE_KEY_VAULT'],
    place: [ofHoldfast('AZURE_URL'), 'MLFLOW_AZURE_KEY_VAULT_URL', 'AZURE_KEY_VAULT_URL'],
    path: [ofHoldfast('AZURE_NAME'), 'MLFLOW_AZURE_SECRET_NAME'],
    ttl: [ofHoldfast('AZURE_TTL'), 'MLFLOW_AZURE_TTL_SEC'],
    scheme: [ofHoldfast('AZURE_SCHEME'), 'MLFLOW_AZURE_AUTH_MODE'],
    version: [ofHoldfast('AZURE_VERSION'), 'MLFLOW_AZURE_SECRET_VERSION'],
  },
};
