import { ConfigurationError } from '@holdfast/core';
import { AwsSecretsError, withoutAnswer } from './error.js';
import type { AwsClient } from './sdk.js';

type CredentialsOf = (options?: { readonly forceRefresh: boolean }) => Promise<unknown>;

/** @throws ConfigurationError where the SDK finds none. */
export const demandRegion = async (client: AwsClient): Promise<void> => {
  const { region } = client.config;
  if (typeof region !== 'function') return;
  try {
    await (region as () => Promise<unknown>)();
  } catch {
    throw new ConfigurationError('AwsSecrets: region is not known; give it, or set AWS_REGION', { option: 'region' });
  }
};

/** @throws AwsSecretsError when there are none. */
export const resolveCredentials = async (
  client: AwsClient,
  options?: { readonly forceRefresh: boolean },
): Promise<void> => {
  const { credentials } = client.config;
  if (typeof credentials !== 'function') return;
  try {
    await (credentials as CredentialsOf)(options);
  } catch (error) {
    throw withoutAnswer(error, 'no credentials');
  }
};

/** How AWS calls a request whose date is wrong, among other things. */
const MISDATED =
  /^(?:InvalidSignatureException|SignatureDoesNotMatch|RequestExpired|RequestInTheFuture|RequestTimeTooSkewed)$/;

export const isMisdated = (error: unknown): error is AwsSecretsError =>
  error instanceof AwsSecretsError && MISDATED.test(error.reason);

/** Milliseconds, below those that AWS puts up with. */
export const TOLERANCE = 60_000;

/** What the SDK has learnt from the date of the last answer. */
export const offsetOf = ({ config: { systemClockOffset: offset } }: AwsClient): number =>
  typeof offset === 'number' ? offset : 0;
