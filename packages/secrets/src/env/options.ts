import type { AwsSecretsOptions } from '../aws/options.js';
import type { AzureSecretsOptions } from '../azure/options.js';
import { given } from '../given.js';
import { OF_PROVIDER } from './names.js';
import { type Environment, valueOf } from './variables.js';

/** Ids of versions are UUIDs; everything else is a label, such as AWSPREVIOUS. */
const IS_ID = /^[\da-f]{8}-[\da-f]{4}-/i;

/** What is AWS's alone; credentials, profiles and endpoints are read by its own SDK. */
export const awsFrom = (environment: Environment): AwsSecretsOptions => {
  const { place, version } = OF_PROVIDER.aws;
  const which = valueOf(environment, version);
  const isId = which !== undefined && IS_ID.test(which);
  return given<AwsSecretsOptions>({
    region: valueOf(environment, place),
    versionId: isId ? which : undefined,
    versionStage: isId ? undefined : which,
  });
};

/** What is Azure's alone; credentials are found by its own SDK. */
export const azureFrom = (environment: Environment): AzureSecretsOptions => {
  const { place, version } = OF_PROVIDER.azure;
  return given<AzureSecretsOptions>({
    vaultUrl: valueOf(environment, place),
    version: valueOf(environment, version),
  });
};
