import { ConfigurationError } from '@holdfast/core';
import { type Environment, valueOf } from './variables.js';
import { type VaultAuth, appRoleAuth, tokenAuth } from '../vault/auth.js';
import type { VaultSecretsOptions } from '../vault/options.js';
import { VaultSecrets } from '../vault/vault-secrets.js';

const authFrom = (environment: Environment): VaultAuth => {
  const [roleId, secretId] = [valueOf(environment, ['VAULT_ROLE_ID']), valueOf(environment, ['VAULT_SECRET_ID'])];
  if (roleId !== undefined && secretId !== undefined) return appRoleAuth({ roleId, secretId });
  const token = valueOf(environment, ['VAULT_TOKEN']);
  if (token !== undefined) return tokenAuth(token);
  throw new ConfigurationError('VaultSecrets: set VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN', {
    option: 'VAULT_TOKEN',
  });
};

/**
 * A provider by `VAULT_ADDR`, `VAULT_NAMESPACE` and `VAULT_ROLE_ID` with `VAULT_SECRET_ID`, or `VAULT_TOKEN`. A role wins
 * over a token, because it can log in again.
 * @throws ConfigurationError naming the variable.
 */
export const vaultFromEnv = (
  options: Partial<VaultSecretsOptions> = {},
  environment: Environment = process.env,
): VaultSecrets => {
  const address = options.address ?? valueOf(environment, ['VAULT_ADDR']);
  if (address === undefined)
    throw new ConfigurationError('VaultSecrets: VAULT_ADDR is not set', { option: 'VAULT_ADDR' });
  const namespace = valueOf(environment, ['VAULT_NAMESPACE']);
  return new VaultSecrets({
    ...(namespace === undefined ? {} : { namespace }),
    ...options,
    address,
    auth: options.auth ?? authFrom(environment),
  });
};
