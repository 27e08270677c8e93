import { type Duration, resilient } from '@holdfast/core';
import { SecretsError, closedError } from '../errors.js';
import { TOLERANCE, demandRegion, isMisdated, offsetOf, resolveCredentials } from './client.js';
import { AwsSecretsError, withoutAnswer } from './error.js';
import type { AwsSecretsOptions } from './options.js';
import { type AwsClient, type AwsSdk, type ClientConfig, type GetSecretValue, loadSdk, successorOf } from './sdk.js';

/** However often credentials are refused: a server that takes none is not stormed with requests for new ones. */
const REFRESHES = { limit: 30, interval: '1m' } as const;

interface Ready {
  readonly sdk: AwsSdk;
  readonly client: AwsClient;
}

/** The SDK's client: made once, with the first request, and followed by another when its credentials are no good. */
export class AwsSession {
  readonly parts: readonly object[];
  readonly #given: AwsClient | undefined;
  readonly #config: ClientConfig;
  readonly #hasFixedCredentials: boolean;
  readonly #refresh: () => Promise<void>;
  readonly #inFlight = new Set<AbortController>();
  /** Errors of requests dated by a clock that is wrong, after which the SDK knew by how much: the next one is good. */
  readonly #misdated = new WeakSet<object>();
  #ready: Promise<Ready> | undefined;
  #isClosed = false;

  constructor(options: AwsSecretsOptions, config: ClientConfig, timeout: Duration) {
    this.#given = options.client;
    this.#config = config;
    this.#hasFixedCredentials = typeof options.credentials === 'object';
    const refresh = resilient(() => this.#replaceCredentials(), {
      name: 'AwsSession.refresh',
      rateLimit: REFRESHES,
      timeout: { attempt: timeout },
    });
    this.#refresh = refresh;
    this.parts = [refresh];
  }

  /** @throws AwsSecretsError, SecretFormatError, ConfigurationError without SDK or region, the signal's reason. */
  async getSecretValue(input: GetSecretValue, signal: AbortSignal | undefined): Promise<unknown> {
    // What is wrong with the credentials shows here, and not mixed with what is wrong with the answer.
    await this.#identify();
    const { sdk, client } = await this.#demand();
    const offset = offsetOf(client);
    try {
      return await this.#abortable(signal, (abortSignal) =>
        client.send(sdk.getSecretValue(input) as never, { abortSignal }),
      );
    } catch (error) {
      if (isMisdated(error) && Math.abs(offsetOf(client) - offset) > TOLERANCE) this.#misdated.add(error);
      throw error;
    }
  }

  /** After a failure of authentication or authorization. @throws what says why no new credentials would help. */
  async renew(error: unknown): Promise<void> {
    if (!(error instanceof AwsSecretsError) || error.status !== 401)
      throw new SecretsError('the credentials are good; a policy or a key refuses', 'SECRETS_DENIED');
    if (this.#misdated.has(error)) return;
    if (this.#hasFixedCredentials)
      throw new SecretsError('the credentials are no good, and fixed ones cannot be replaced', 'AWS_CREDENTIALS');
    await this.#refresh();
  }

  /** @throws AwsSecretsError when there are no credentials. */
  check(): Promise<void> {
    return this.#identify();
  }

  /** Ends what is under way. A client that was given is its owner's to destroy. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const controller of this.#inFlight) controller.abort();
    const ready = this.#ready;
    this.#ready = undefined;
    if (this.#given !== undefined || ready === undefined) return;
    // A client that could not be made has told who asked for it.
    const made = await ready.catch(() => undefined);
    made?.client.destroy();
  }

  async #identify(): Promise<void> {
    await resolveCredentials((await this.#demand()).client);
  }

  /** By a client that has none yet: how the SDK's clients can be told to have new ones depends on its version. */
  async #replaceCredentials(): Promise<void> {
    const { sdk, client } = await this.#demand();
    const next = client === this.#given ? client : sdk.client(successorOf(client, this.#config));
    await resolveCredentials(next, { forceRefresh: true });
    if (!this.#isClosed) this.#ready = Promise.resolve({ sdk, client: next });
  }

  /** One client for all who ask first at the same time; one that could not be made is made anew by who asks later. */
  #demand(): Promise<Ready> {
    if (this.#isClosed) return Promise.reject(closedError());
    this.#ready ??= this.#make().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #make(): Promise<Ready> {
    const sdk = await loadSdk();
    const client = this.#given ?? sdk.client(this.#config);
    try {
      await demandRegion(client);
    } catch (error) {
      if (client !== this.#given) client.destroy();
      throw error;
    }
    return { sdk, client };
  }

  async #abortable(signal: AbortSignal | undefined, send: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    const controller = new AbortController();
    const forward = (): void => controller.abort(signal?.reason);
    if (this.#isClosed) throw closedError();
    signal?.throwIfAborted();
    signal?.addEventListener('abort', forward, { once: true });
    this.#inFlight.add(controller);
    try {
      return await send(controller.signal);
    } catch (error) {
      if (this.#isClosed) throw closedError();
      throw controller.signal.aborted ? (controller.signal.reason as Error) : withoutAnswer(error);
    } finally {
      this.#inFlight.delete(controller);
      signal?.removeEventListener('abort', forward);
    }
  }
}
