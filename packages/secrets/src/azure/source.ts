import { SecretEnvelope, type SecretMetadata } from '../provider/envelope.js';
import { SecretFormatError, SecretsError } from '../errors.js';
import { dataOfText } from '../provider/secret-text.js';
import type { Reading, SecretSource } from '../provider/source.js';
import { AzureSecretsError } from './error.js';
import { type AnswerFacts, failureOf } from './failures.js';
import type { AzureSecret, AzureSecretClient } from './sdk.js';
import type { AzureTokens } from './tokens.js';

export interface AzureSourceParts {
  readonly client: () => Promise<AzureSecretClient>;
  /** Undefined where the client has its own. */
  readonly tokens: AzureTokens | undefined;
  /** Of secrets whose path names none. */
  readonly version: string | undefined;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

/** A name, and the version after a slash. Key Vault's own rules. */
const PATH = /^[0-9a-z-]{1,127}(?:\/[0-9a-z]{1,64})?$/;

const SECOND = 1000;

const metadataOf = ({ properties }: AzureSecret): SecretMetadata => {
  const { version, contentType, tags, createdOn, updatedOn, notBefore, expiresOn } = properties;
  const known = {
    version,
    contentType,
    created: createdOn?.toISOString(),
    updated: updatedOn?.toISOString(),
    notBefore: notBefore?.toISOString(),
    expires: expiresOn?.toISOString(),
    tags: { ...tags },
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
};

/** Reads secrets as Key Vault keeps them, through the vendor's SDK. No policy; those are its callers'. */
export class AzureSource implements SecretSource {
  readonly parts: readonly object[];
  readonly #parts: AzureSourceParts;

  constructor(parts: AzureSourceParts) {
    this.#parts = parts;
    this.parts = parts.tokens?.parts ?? [];
  }

  /** In lower case: Key Vault takes `Db` and `db` for the same. */
  checkedPath(path: string): string {
    const text: unknown = path;
    const name = typeof text === 'string' ? text.replaceAll(/^\/+|\/+$/g, '').toLowerCase() : '';
    if (!PATH.test(name))
      throw new SecretsError(
        "a path must read 'name' or 'name/version': letters, digits and dashes, at most 127, without 'secrets/'",
        'SECRETS_PATH',
      );
    return name;
  }

  /** @throws AzureSecretsError, AzureAuthenticationError, SecretFormatError. */
  async read(path: string, { signal }: Reading): Promise<SecretEnvelope> {
    const [name = '', version = this.#parts.version] = path.split('/');
    const { result, answer } = await this.#asked(signal, (client, options) =>
      client.getSecret(name, version === undefined ? options : { ...options, version }),
    );
    if (typeof result.value !== 'string') throw new SecretFormatError('the answer has no value');
    return new SecretEnvelope({
      data: dataOfText(result.value),
      lease: undefined,
      metadata: metadataOf(result),
      validFor: this.#validityOf(result, answer),
    });
  }

  async renew(error: unknown): Promise<void> {
    const { tokens } = this.#parts;
    if (tokens === undefined) throw new SecretsError("the client's credential is its own", 'SECRETS_DENIED');
    await tokens.renew(error);
  }

  /** With a client that has a credential of its own, a page of the names of secrets is asked for: a 403 proves as much. */
  async check(signal: AbortSignal | undefined): Promise<void> {
    const { tokens } = this.#parts;
    if (tokens !== undefined) return tokens.check();
    await this.#asked(signal, (client, options) => client.listPropertiesOfSecrets(options).next()).catch(
      (error: unknown) => {
        if (!(error instanceof AzureSecretsError && error.status === 403)) throw error;
      },
    );
  }

  async close(): Promise<void> {
    await this.#parts.tokens?.forget();
  }

  async #asked<Result>(
    signal: AbortSignal | undefined,
    ask: (client: AzureSecretClient, options: Asking) => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly answer: AnswerFacts | undefined }> {
    let answer: AnswerFacts | undefined;
    const onResponse: Asking['onResponse'] = ({ status, headers }) => {
      answer = { status, header: (name) => headers.get(name) };
    };
    const client = await this.#parts.client();
    try {
      const result = await ask(client, signal === undefined ? { onResponse } : { onResponse, abortSignal: signal });
      return { result, answer };
    } catch (error) {
      throw failureOf(error, answer, signal);
    }
  }

  /**
   * Milliseconds until the secret's own `exp`, by the vault's clock, which set it: this machine's may be wrong by minutes.
   * @throws AzureSecretsError when it is over. Key Vault itself only notes the date.
   */
  #validityOf({ properties: { expiresOn } }: AzureSecret, answer: AnswerFacts | undefined): number | undefined {
    if (expiresOn === undefined) return undefined;
    const date = Date.parse(answer?.header('date') ?? '');
    const left = expiresOn.getTime() - (Number.isNaN(date) ? this.#parts.wall() : date);
    if (left <= 0)
      throw new AzureSecretsError('the secret has expired', 'expired', {
        status: 403,
        requestId: answer?.header('x-ms-request-id'),
      });
    // The header is cut down to seconds.
    return left - SECOND;
  }
}

type Asking = NonNullable<Parameters<AzureSecretClient['listPropertiesOfSecrets']>[0]> &
  Required<Pick<NonNullable<Parameters<AzureSecretClient['getSecret']>[1]>, 'onResponse'>>;
