import { SecretEnvelope, type SecretData } from '../provider/envelope.js';
import { SecretFormatError, SecretsError } from '../errors.js';
import { dataOfText, dataOfBytes } from '../provider/secret-text.js';
import type { Reading, SecretSource } from '../provider/source.js';
import type { AwsSession } from './session.js';

/** What GetSecretValue answers. */
interface SecretValue {
  readonly ARN?: string;
  readonly Name?: string;
  readonly VersionId?: string;
  readonly VersionStages?: readonly string[];
  readonly CreatedDate?: Date;
  readonly SecretString?: unknown;
  readonly SecretBinary?: unknown;
}

export interface Version {
  readonly id: string | undefined;
  readonly stage: string | undefined;
}

/** Names have letters, digits and `/_+=.@-!`, ARNs colons besides. */
const SECRET_ID = /^[\w/+=.@!:-]{1,2048}$/;

const dataOf = ({ SecretString: text, SecretBinary: bytes }: SecretValue): SecretData => {
  if (typeof text === 'string') return dataOfText(text);
  if (bytes instanceof Uint8Array) return dataOfBytes(bytes);
  throw new SecretFormatError('the answer has neither text nor bytes');
};

const envelopeOf = (value: SecretValue): SecretEnvelope =>
  new SecretEnvelope({
    data: dataOf(value),
    lease: undefined,
    metadata: {
      arn: value.ARN,
      name: value.Name,
      versionId: value.VersionId,
      stages: [...(value.VersionStages ?? [])],
      createdAt: value.CreatedDate?.toISOString(),
    },
  });

/** Reads secrets as Secrets Manager keeps them. No policy; those are its callers'. */
export class AwsSource implements SecretSource {
  readonly parts: readonly object[];
  readonly #session: AwsSession;
  readonly #version: { readonly VersionId?: string; readonly VersionStage?: string };

  constructor(session: AwsSession, { id, stage }: Version) {
    this.#session = session;
    this.parts = session.parts;
    this.#version = {
      ...(id === undefined ? {} : { VersionId: id }),
      ...(stage === undefined ? {} : { VersionStage: stage }),
    };
  }

  checkedPath(path: string): string {
    if (typeof path === 'string' && SECRET_ID.test(path)) return path;
    throw new SecretsError('a path must be the name or the ARN of a secret, without blanks', 'SECRETS_PATH');
  }

  async read(path: string, { signal }: Reading): Promise<SecretEnvelope> {
    const value = await this.#session.getSecretValue({ SecretId: path, ...this.#version }, signal);
    return envelopeOf(value ?? {});
  }

  renew(error: unknown): Promise<void> {
    return this.#session.renew(error);
  }

  check(): Promise<void> {
    return this.#session.check();
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
