/** Secrets of HashiCorp Vault, cached within their leases and there when Vault is not. */

export { VaultSecrets, type ReadOptions, type WarmUp } from './vault/vault-secrets.js';
export type { VaultSecretsOptions } from './vault/options.js';
export { vaultFromEnv, type Environment } from './vault/from-env.js';
export {
  appRoleAuth,
  tokenAuth,
  type AppRoleOptions,
  type IssuedToken,
  type LoginContext,
  type VaultAuth,
} from './vault/auth.js';
export { SecretEnvelope, type SecretData, type SecretMetadata, type VaultLease } from './vault/envelope.js';
export { VaultError, type VaultReason } from './vault/error.js';
export { SecretFormatError, SecretsError, VaultAuthenticationError, type SecretsErrorCode } from './errors.js';
export { Secret } from './secret.js';
export { maskSecret, redact } from './redact.js';
