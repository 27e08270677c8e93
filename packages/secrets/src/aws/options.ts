import { checkKnown, checkedAddress, wrongOption } from '../option-check.js';
import { POLICY_OPTIONS, type SecretsPolicies } from '../provider/policies.js';
import type { AwsClient, AwsCredentials, AwsCredentialsProvider } from './sdk.js';

export interface AwsSecretsOptions extends SecretsPolicies {
  /** Default: as the SDK finds it: `AWS_REGION`, then the shared configuration file. */
  readonly region?: string;
  /** Of a server that is not AWS's own: LocalStack, or a fake. Default: the region's. */
  readonly endpoint?: string;
  /**
   * Credentials, or a provider of them such as `fromTemporaryCredentials()`, which is asked again when they are no good.
   * Default: the SDK's chain: environment, shared files, SSO, web identity, container, instance.
   */
  readonly credentials?: AwsCredentials | AwsCredentialsProvider;
  /** What the SDK sends with: one of its handlers, or options for it (proxy, certificates, timeouts). Default: its own. */
  readonly requestHandler?: object;
  /** The label of the version that is read. Default 'AWSCURRENT'. */
  readonly versionStage?: string;
  /** The version that is read, whatever its labels. Default: the one labelled. */
  readonly versionId?: string;
  /** A `SecretsManagerClient` of yours, best with `maxAttempts: 1`. It is not destroyed at close. Default: one of the provider's own. */
  readonly client?: AwsClient;
}

/** What a client of yours has already. */
const OF_THE_CLIENT = ['region', 'endpoint', 'credentials', 'requestHandler'] as const;

const KNOWN: readonly (keyof AwsSecretsOptions)[] = [
  ...POLICY_OPTIONS,
  ...OF_THE_CLIENT,
  'versionStage',
  'versionId',
  'client',
];

const wrong = wrongOption('AwsSecrets');

export const endpointOf = (endpoint: string | undefined): string | undefined =>
  endpoint === undefined ? undefined : checkedAddress(endpoint, 'endpoint', 'http://localhost:4566', wrong);

const areCredentials = (given: unknown): boolean =>
  typeof given === 'function' ||
  (typeof given === 'object' && given !== null && 'accessKeyId' in given && 'secretAccessKey' in given);

const checkClient = (options: AwsSecretsOptions): void => {
  const { client } = options;
  if (client === undefined) return;
  if (typeof (client as Partial<AwsClient> | null)?.send !== 'function')
    throw wrong('client', 'must be a SecretsManagerClient');
  const twice = OF_THE_CLIENT.find((option) => options[option] !== undefined);
  if (twice !== undefined) throw wrong(twice, 'belongs to the client; give it there, or leave client out');
};

/** What the decorators do not check themselves. @throws ConfigurationError naming the option and the remedy. */
export const checkOptions = (options: AwsSecretsOptions): void => {
  checkKnown(options, KNOWN, wrong);
  checkClient(options);
  for (const option of ['region', 'versionStage', 'versionId'] as const) {
    const value: unknown = options[option];
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw wrong(option, 'must be a non-empty string; leave it out for the default');
  }
  const { credentials, requestHandler } = options;
  if (credentials !== undefined && !areCredentials(credentials))
    throw wrong('credentials', 'must have accessKeyId and secretAccessKey, or be a function that resolves to such');
  if (requestHandler !== undefined && (typeof requestHandler !== 'object' || requestHandler === null))
    throw wrong('requestHandler', "must be one of the SDK's handlers, or an object of its options");
};
