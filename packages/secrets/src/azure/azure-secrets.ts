import { clockOf } from '@holdfast/core';
import { CachedSecrets } from '../provider/cached-secrets.js';
import { policiesIn } from '../provider/parts.js';
import { lazily } from './lazily.js';
import { wrongOption } from '../option-check.js';
import { type AzureSecretsOptions, checkOptions, isCredential, vaultUrlOf } from './options.js';
import { type AzureCredential, type AzureSecretClient, loadClient, loadDefaultCredential } from './sdk.js';
import { AzureSource } from './source.js';
import { AzureTokens } from './tokens.js';

const credentialFrom = (given: AzureSecretsOptions['credential']): (() => Promise<AzureCredential>) => {
  if (given === undefined) return loadDefaultCredential;
  return async () => {
    const credential = typeof given === 'function' ? await given() : given;
    if (isCredential(credential)) return credential;
    throw wrongOption('AzureSecrets')('credential', 'must make a credential of @azure/identity');
  };
};

/** `https://vault.azure.net/.default` for `https://mine.vault.azure.net`, and so in the other clouds. */
const scopeOf = (vaultUrl: string): string => `https://${new URL(vaultUrl).host.replace(/^[^.]+\./, '')}/.default`;

const sourceOf = (options: AzureSecretsOptions, vaultUrl: string): AzureSource => {
  const { client: given, credential, version, clientOptions = {}, runtime, timeout } = options;
  const wall = (): number => (runtime?.clock ?? clockOf()).wall();
  if (given !== undefined) return new AzureSource({ client: async () => given, tokens: undefined, version, wall });
  const tokens = new AzureTokens({
    credential: credentialFrom(credential),
    scope: scopeOf(vaultUrl),
    timeout: timeout?.attempt ?? '5s',
    wall,
  });
  const client = lazily((): Promise<AzureSecretClient> => loadClient(vaultUrl, tokens, clientOptions));
  return new AzureSource({ client, tokens, version, wall });
};

/**
 * Secrets of Azure Key Vault, cached, and there when the vault is not. Reads through `@azure/keyvault-secrets`, which is
 * loaded at the first of them, as is `@azure/identity` where no credential is given.
 *
 * A read looks into the cache, then asks Key Vault: up to 3 attempts with backoff, each bounded by a timeout and counted
 * by a circuit of this provider's own. When it cannot answer, an old secret does, for up to an hour, but never past the
 * secret's own `exp` and never after 401, 403 or 404. A rejected token is replaced once for all callers, and the read
 * goes on.
 *
 * Paths are names, `db` or `db/<version>`. A value that is a JSON object is the data; any other text stands under `value`.
 * Reads throw AzureSecretsError, AzureAuthenticationError, SecretFormatError, ConfigurationError where a package is
 * missing, and CircuitOpenError, TimedOutError or RateLimitedError where nothing could be asked.
 *
 * @example
 * await using vault = new AzureSecrets({ vaultUrl: 'https://mine.vault.azure.net' });
 * const { password } = await vault.get('db');
 */
export class AzureSecrets extends CachedSecrets {
  /** @throws ConfigurationError on a wrong option. Neither vault nor directory is asked before the first read. */
  constructor(options: AzureSecretsOptions) {
    checkOptions(options);
    const vaultUrl = options.client?.vaultUrl ?? vaultUrlOf(options.vaultUrl);
    super({
      kind: 'azure',
      name: `azure:${vaultUrl.replace(/\/+$/, '')}`,
      title: 'Azure',
      source: sourceOf(options, vaultUrl),
      policies: policiesIn(options),
    });
  }
}
