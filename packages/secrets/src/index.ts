/** Secrets of HashiCorp Vault, cached within their leases and there when Vault is not. */

export type { InvalidateOptions, ProviderSettings, ReadOptions, SecretProvider, WarmUp } from './provider/provider.js';
export { CachedSecrets } from './provider/cached-secrets.js';
export type { CachedSecretsParts } from './provider/parts.js';
export type { Reading, SecretSource } from './provider/source.js';
export type { SecretsPolicies } from './provider/policies.js';
export { VaultSecrets } from './vault/vault-secrets.js';
export type { VaultSecretsOptions } from './vault/options.js';
export { vaultFromEnv } from './env/vault.js';
export { EnvSecrets, secretsFromEnv, type EnvSecretsOptions } from './env/from-env.js';
export { describeEnvironment, type DescribedEnvironment, type DescribedProvider } from './env/describe.js';
export type { Environment } from './env/variables.js';
export {
  appRoleAuth,
  tokenAuth,
  type AppRoleOptions,
  type IssuedToken,
  type LoginContext,
  type VaultAuth,
} from './vault/auth.js';
export { AwsSecrets } from './aws/aws-secrets.js';
export type { AwsSecretsOptions } from './aws/options.js';
export type { AwsClient, AwsCredentials, AwsCredentialsProvider } from './aws/sdk.js';
export { AwsSecretsError } from './aws/error.js';
export { AzureSecrets } from './azure/azure-secrets.js';
export type { AzureSecretsOptions } from './azure/options.js';
export { AzureAuthenticationError, AzureSecretsError, type AzureReason } from './azure/error.js';
export type {
  AzureAccessToken,
  AzureCredential,
  AzureReadOptions,
  AzureSecret,
  AzureSecretClient,
  AzureTokenOptions,
} from './azure/sdk.js';
export { SecretEnvelope, type SecretData, type SecretLease, type SecretMetadata } from './provider/envelope.js';
export { VaultError, type VaultReason } from './vault/error.js';
export { SecretAuth, type SecretAuthOptions } from './auth/secret-auth.js';
export { authenticatedFetch, refreshOnAuthFailure } from './auth/authenticated-fetch.js';
export { credentialsIn, type AuthScheme, type Credentials } from './auth/credentials.js';
export type { RequestAuth } from './auth/request-auth.js';
export type { AllowedHosts } from './auth/allowed-hosts.js';
export { SecretFormatError, SecretsError, VaultAuthenticationError, type SecretsErrorCode } from './errors.js';
export { Secret } from './secrecy/secret.js';
export { maskSecret, redact } from './secrecy/redact.js';
