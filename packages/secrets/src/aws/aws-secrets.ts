import { CachedSecrets } from '../provider/cached-secrets.js';
import { policiesIn } from '../provider/parts.js';
import { type AwsSecretsOptions, checkOptions, endpointOf } from './options.js';
import { AwsSession } from './session.js';
import { AwsSource } from './source.js';

const regionOf = ({ client, region }: AwsSecretsOptions): string | undefined =>
  client === undefined ? (region ?? process.env['AWS_REGION']) : 'client';

/**
 * Secrets of AWS Secrets Manager, read with the vendor's SDK, cached, and there when AWS is not.
 *
 * A read looks into the cache, then asks AWS: up to 3 attempts with backoff, each bounded by a timeout and counted by a
 * circuit of this provider's own. When AWS cannot answer, an old secret does, for up to an hour, but never after a refusal
 * and never when the secret is gone or marked for deletion. Credentials that are no good are replaced once for all
 * callers, and the read goes on.
 *
 * Paths are names or ARNs; the path as written is the key. A secret of text that is a JSON object is its members, any
 * other text `{ value }`, and so are bytes. `read().metadata` has `versionId`, `stages`, `createdAt`, `arn` and `name`: a
 * `versionId` that has changed is a rotation.
 * Reads throw AwsSecretsError, SecretFormatError, ConfigurationError when the SDK is not installed or the region not
 * known, and CircuitOpenError or TimedOutError where nothing was answered.
 *
 * @example
 * await using aws = new AwsSecrets({ region: 'eu-west-1' });
 * const { password } = await aws.get('app/db');
 */
export class AwsSecrets extends CachedSecrets {
  /** @throws ConfigurationError on a wrong option. The SDK is loaded, and AWS asked, at the first read. */
  constructor(options: AwsSecretsOptions = {}) {
    checkOptions(options);
    const { region, credentials, requestHandler, versionStage, versionId, timeout } = options;
    const endpoint = endpointOf(options.endpoint);
    const config = {
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(requestHandler === undefined ? {} : { requestHandler }),
    };
    const session = new AwsSession(options, config, timeout?.attempt ?? '5s');
    const where = [regionOf(options), endpoint, versionStage, versionId];
    super({
      kind: 'aws',
      name: ['aws', ...where.filter((part) => part !== undefined)].join(':'),
      title: 'Aws',
      source: new AwsSource(session, { id: versionId, stage: versionStage }),
      policies: policiesIn(options),
    });
  }
}
