import { ConfigurationError, type HoldfastRuntime, configure } from '@holdfast/core';
import { refreshOnAuthFailure } from '../auth/authenticated-fetch.js';
import type { RequestAuth } from '../auth/request-auth.js';
import { SecretAuth } from '../auth/secret-auth.js';
import type { SecretData } from '../provider/envelope.js';
import type { SecretsPolicies } from '../provider/policies.js';
import type { SecretProvider } from '../provider/provider.js';
import { AwsSecrets } from '../aws/aws-secrets.js';
import { AzureSecrets } from '../azure/azure-secrets.js';
import { vaultFromEnv } from './vault.js';
import { type DescribedEnvironment, type DescribedProvider, describeEnvironment, policiesFrom } from './describe.js';
import { awsFrom, azureFrom } from './options.js';
import { COMMON, type EnvProviderKind, KINDS, OF_PROVIDER } from './names.js';
import { type Environment, valueOf } from './variables.js';

export interface EnvSecretsOptions {
  /** Default: `process.env`. */
  readonly environment?: Environment;
  /** For requests of `fetch`, and those to Vault. Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Default: the default runtime. */
  readonly runtime?: HoldfastRuntime;
}

/** The secret that the environment names, and what authenticates requests with it. */
export class EnvSecrets implements AsyncDisposable {
  readonly provider: SecretProvider;
  /** The path or name of the secret. */
  readonly path: string;
  readonly settings: DescribedEnvironment;
  /** A `fetch` that authenticates what goes to the allowed hosts, and renews the secret when it is refused. */
  readonly fetch: typeof globalThis.fetch;
  readonly #auth: SecretAuth;

  /** Use `secretsFromEnv`. */
  constructor(parts: {
    provider: SecretProvider;
    path: string;
    settings: DescribedEnvironment;
    auth: SecretAuth;
    fetch: typeof globalThis.fetch;
  }) {
    const { provider, path, settings, auth, fetch } = parts;
    this.provider = provider;
    this.path = path;
    this.settings = settings;
    this.fetch = refreshOnAuthFailure(fetch, auth);
    this.#auth = auth;
  }

  /** What no other configuration's secret is kept under: the provider, where it is, and the path. */
  get key(): string {
    return `${this.provider.name}:${this.path}`;
  }

  /** The data of the secret. */
  get<Data extends SecretData = SecretData>(): Promise<Data> {
    return this.provider.get<Data>(this.path);
  }

  /** Whether requests to this URL may be sent the secret. */
  isAllowed(url: string | URL): boolean {
    return this.#auth.isAllowed(url);
  }

  /** What authenticates a request; null for a host that may not be sent the secret, which is not read then. */
  authFor(url: string | URL): Promise<RequestAuth | null> {
    return this.#auth.authFor(url);
  }

  async close(): Promise<void> {
    await this.provider.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface Making {
  readonly environment: Environment;
  readonly policies: SecretsPolicies;
  readonly fetch: EnvSecretsOptions['fetch'];
}

const MAKERS: Readonly<Record<EnvProviderKind, (making: Making) => SecretProvider>> = {
  vault: ({ environment, policies, fetch }) =>
    vaultFromEnv({ ...policies, ...(fetch === undefined ? {} : { fetch }) }, environment),
  aws: ({ environment, policies }) => new AwsSecrets({ ...policies, ...awsFrom(environment) }),
  azure: ({ environment, policies }) => new AzureSecrets({ ...policies, ...azureFrom(environment) }),
};

const chosen = (settings: DescribedEnvironment): DescribedProvider => {
  const enabled = settings.providers.filter(({ isEnabled }) => isEnabled);
  const ready = enabled.find(({ isConfigured }) => isConfigured);
  if (ready !== undefined) return ready;
  const [first] = enabled;
  if (first !== undefined)
    throw new ConfigurationError(`secretsFromEnv: ${first.kind} lacks ${first.missing.join('; ')}`, {
      option: first.missing[0] ?? 'environment',
    });
  const paths = KINDS.map((kind) => OF_PROVIDER[kind].path[0]).join(', ');
  throw new ConfigurationError(`secretsFromEnv: no provider is switched on; set one of ${paths}`, {
    option: 'environment',
  });
};

/**
 * The secret that the environment names: of Vault, AWS Secrets Manager or Azure Key Vault, in this order the first that
 * is switched on and has all that it needs. Reads the variables of `describeEnvironment`; nothing is asked before the
 * first read. A log level there is that of the default runtime from then on.
 * @throws ConfigurationError naming the variable.
 */
export const secretsFromEnv = (options: EnvSecretsOptions = {}): EnvSecrets => {
  const { environment = process.env, runtime, fetch } = options;
  const settings = describeEnvironment(environment);
  const provided = chosen(settings);
  if (settings.logLevel !== undefined) (runtime ?? { configure }).configure({ logLevel: settings.logLevel });
  const ofRuntime = runtime === undefined ? {} : { runtime };
  const policies = { ...policiesFrom(environment, provided), ...ofRuntime };
  const provider = MAKERS[provided.kind]({ environment, policies, fetch });
  const path = valueOf(environment, OF_PROVIDER[provided.kind].path) as string;
  const { allowedHosts, headerName } = settings;
  const auth = new SecretAuth({ provider, path, allowedHosts, headerName, scheme: provided.scheme, ...ofRuntime });
  return new EnvSecrets({ provider, path, settings, auth, fetch: fetch ?? ((...args) => globalThis.fetch(...args)) });
};

/** For documentation: every variable that is read, with what it sets. */
export const secretsVariables = (): readonly { readonly names: readonly string[]; readonly sets: string }[] => [
  ...Object.entries(COMMON).map(([sets, names]) => ({ names, sets })),
  ...KINDS.flatMap((kind) =>
    Object.entries(OF_PROVIDER[kind]).map(([sets, names]) => ({ names, sets: `${kind} ${sets}` })),
  ),
];
