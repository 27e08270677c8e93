import { checkKnown, checkedAddress, wrongOption } from '../option-check.js';
import { POLICY_OPTIONS, type SecretsPolicies } from '../provider/policies.js';
import type { AzureCredential, AzureSecretClient } from './sdk.js';

export interface AzureSecretsOptions extends SecretsPolicies {
  /** `https://my-vault.vault.azure.net`. Needed without `client`. */
  readonly vaultUrl?: string;
  /**
   * A credential of `@azure/identity`, or a function that makes one: asked again when the vault rejects a token, for
   * credentials that keep theirs. Default: `DefaultAzureCredential`, made anew then.
   */
  readonly credential?: AzureCredential | (() => AzureCredential | Promise<AzureCredential>);
  /** The version of secrets whose path names none. Default: the latest. */
  readonly version?: string;
  /** Options of the SDK's `SecretClient`: `proxyOptions`, `httpClient`, `additionalPolicies` … Its retries stay off. */
  readonly clientOptions?: object;
  /** A `SecretClient` of yours, with its own credential, in the place of `vaultUrl`, `credential` and `clientOptions`. */
  readonly client?: AzureSecretClient;
}

const KNOWN: readonly (keyof AzureSecretsOptions)[] = [
  ...POLICY_OPTIONS,
  'vaultUrl',
  'credential',
  'version',
  'clientOptions',
  'client',
];

const wrong = wrongOption('AzureSecrets');

const VERSION = /^[0-9A-Za-z]{1,64}$/;

const isClient = (client: unknown): client is AzureSecretClient =>
  typeof (client as Partial<AzureSecretClient> | null)?.getSecret === 'function';

export const isCredential = (credential: unknown): credential is AzureCredential =>
  typeof (credential as Partial<AzureCredential> | null | undefined)?.getToken === 'function';

/** @throws ConfigurationError unless it is `https://…` without a path. */
export const vaultUrlOf = (vaultUrl: unknown): string => {
  const address = checkedAddress(vaultUrl, 'vaultUrl', 'https://my-vault.vault.azure.net', wrong);
  const { protocol, pathname, origin } = new URL(address);
  if (protocol !== 'https:') throw wrong('vaultUrl', 'must begin with https://, since tokens go there');
  if (pathname !== '/') throw wrong('vaultUrl', 'must have no path; the name of the secret goes to get()');
  return origin;
};

/** What the decorators do not check themselves. @throws ConfigurationError naming the option and the remedy. */
export const checkOptions = (options: AzureSecretsOptions): void => {
  checkKnown(options, KNOWN, wrong);
  const { client, credential, vaultUrl, version, clientOptions } = options;
  if (client !== undefined && !isClient(client)) throw wrong('client', 'must be a SecretClient');
  if (client !== undefined && [vaultUrl, credential, clientOptions].some((each) => each !== undefined))
    throw wrong('client', 'has an address and a credential of its own; leave out vaultUrl, credential, clientOptions');
  if (client === undefined && vaultUrl === undefined) throw wrong('vaultUrl', 'is missing; or give client');
  if (credential !== undefined && typeof credential !== 'function' && !isCredential(credential))
    throw wrong('credential', 'must be a credential of @azure/identity, or a function that makes one');
  if (version !== undefined && !(typeof version === 'string' && VERSION.test(version)))
    throw wrong('version', 'must be the id of a version: letters and digits');
  if (clientOptions !== undefined && (typeof clientOptions !== 'object' || clientOptions === null))
    throw wrong('clientOptions', 'must be an object of options of SecretClient');
};
