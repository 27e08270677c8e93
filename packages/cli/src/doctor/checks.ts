import type * as Secrets from '@holdfast/secrets';
import { EXIT } from '../exit-codes.js';
import type { Environment } from '../terminal/theme.js';
import { counted, duration } from '../terminal/units.js';
import { type Diagnostics, type Subject, diagnose } from './diagnosis.js';
import { authenticatedHead, plainHead } from './head.js';
import { type Outcome, type Step, failed, passed, skipped } from './step.js';
import { PROOFS, contentOf, proofOf, subjectOf } from './subjects.js';

/** What of `@holdfast/secrets` is needed. */
export type SecretsDoor = Pick<typeof Secrets, 'describeEnvironment' | 'secretsFromEnv' | 'SecretAuth'>;

export interface Consultation {
  readonly environment: Environment;
  readonly secrets: SecretsDoor;
  readonly diagnostics: Diagnostics;
  readonly url: URL | undefined;
  readonly isDryRun: boolean;
}

/** The first that is enabled and complete, as `secretsFromEnv` chooses; else the first enabled, which says what it lacks. */
const chosen = ({ providers }: Secrets.DescribedEnvironment): Secrets.DescribedProvider | undefined => {
  const enabled = providers.filter(({ isEnabled }) => isEnabled);
  return enabled.find(({ isConfigured }) => isConfigured) ?? enabled[0];
};

const asItIs = (subject: Subject): Subject => subject;

const NO_PROVIDER =
  'name a secret: HOLDFAST_SECRETS_VAULT_PATH with VAULT_ADDR and VAULT_TOKEN, HOLDFAST_SECRETS_AWS_NAME, or HOLDFAST_SECRETS_AZURE_NAME with HOLDFAST_SECRETS_AZURE_URL';

/** The checks of one run, each with what those before it have found. */
export class Checks {
  readonly #given: Consultation;
  #settings: Secrets.DescribedEnvironment | undefined;
  #provider: Secrets.DescribedProvider | undefined;
  #secrets: Secrets.EnvSecrets | undefined;
  /** Once something has failed, what builds on it is not tried. */
  #isBroken = false;

  constructor(given: Consultation) {
    this.#given = given;
  }

  get provider(): Secrets.DescribedProvider | undefined {
    return this.#provider;
  }

  get warnings(): readonly string[] {
    return this.#provider === undefined ? [] : (this.#settings?.warnings ?? []);
  }

  get steps(): readonly Step[] {
    const { url } = this.#given;
    const withUrl: Step[] = [
      { name: 'host', doing: 'checking the host', run: () => this.#host(url as URL) },
      { name: 'HEAD', doing: `asking ${url?.host ?? ''}`, run: () => this.#head(url as URL) },
    ];
    return [
      { name: 'provider', doing: 'reading the environment', run: () => this.#chosenProvider() },
      { name: 'configuration', doing: 'reading the environment', run: () => this.#configuration() },
      {
        name: 'authentication',
        doing: 'proving who asks',
        run: () => this.#online(() => this.#authentication(), proofOf),
      },
      { name: 'fetch', doing: 'reading the secret', run: () => this.#online(() => this.#fetch()) },
      {
        name: 'format',
        doing: 'looking for credentials in it',
        run: () => this.#online(() => this.#format(), contentOf),
      },
      ...(url === undefined ? [] : withUrl),
    ];
  }

  async close(): Promise<void> {
    await this.#secrets?.close();
  }

  #describe(): Secrets.DescribedEnvironment {
    this.#settings ??= this.#given.secrets.describeEnvironment(this.#given.environment);
    return this.#settings;
  }

  #chosenProvider(): Outcome {
    try {
      this.#provider = chosen(this.#describe());
    } catch {
      // The next check says which variable it is.
      return skipped('the environment cannot be read');
    }
    if (this.#provider !== undefined) {
      const { kind, place } = this.#provider;
      return passed(place === undefined ? kind : `${kind}, ${place}`);
    }
    if (this.#isNetworkAlone) return skipped('none is switched on, and a dry run needs none');
    this.#isBroken = true;
    return failed(EXIT.usage, 'no provider is switched on', NO_PROVIDER);
  }

  get #isNetworkAlone(): boolean {
    return this.#given.isDryRun && this.#given.url !== undefined;
  }

  #configuration(): Outcome {
    if (this.#isBroken) return skipped('without a provider there is none');
    try {
      const { maxAttempts, isCacheEnabled, headerName } = this.#describe();
      if (this.#provider === undefined) return skipped('without a provider there is none');
      this.#secrets = this.#given.secrets.secretsFromEnv({ environment: this.#given.environment });
      const { ttl } = this.#provider;
      const kept = isCacheEnabled ? `kept for ${duration(ttl === 0 ? Infinity : ttl)}` : 'the cache is off';
      return passed(`${kept}, ${counted(maxAttempts, 'attempt')}, header ${headerName}`);
    } catch (error) {
      this.#isBroken = true;
      return diagnose(error, { name: 'the configuration', whereFrom: 'the environment' }, this.#given.diagnostics);
    }
  }

  async #online(check: () => Promise<Outcome>, about: (subject: Subject) => Subject = asItIs): Promise<Outcome> {
    if (this.#isBroken) return skipped('not tried after what failed');
    if (this.#given.isDryRun) return skipped('not in a dry run');
    try {
      return await check();
    } catch (error) {
      this.#isBroken = true;
      const { kind } = this.#provider as Secrets.DescribedProvider;
      return diagnose(error, about(subjectOf(kind)), this.#given.diagnostics);
    }
  }

  async #authentication(): Promise<Outcome> {
    await this.#made.provider.check();
    return passed(PROOFS[(this.#provider as Secrets.DescribedProvider).kind]);
  }

  async #fetch(): Promise<Outcome> {
    const data = await this.#made.get();
    return passed(`the secret has ${counted(Object.keys(data).length, 'field')}`);
  }

  /** Read from the cache, where there is one; no request is made with it. */
  async #format(): Promise<Outcome> {
    const { provider, path } = this.#made;
    const { headerName } = this.#describe();
    const { scheme } = this.#provider as Secrets.DescribedProvider;
    const auth = new this.#given.secrets.SecretAuth({ provider, path, headerName, scheme });
    const found = await auth.authFor('https://nobody.invalid');
    return passed(`${found?.scheme ?? 'no'} credentials for the header ${headerName}`);
  }

  get #made(): Secrets.EnvSecrets {
    return this.#secrets as Secrets.EnvSecrets;
  }

  #host(url: URL): Outcome {
    if (this.#secrets === undefined) return skipped('without a provider no secret is sent anywhere');
    const { allowedHosts } = this.#describe();
    if (this.#secrets.isAllowed(url))
      return passed(allowedHosts === undefined ? 'every host is allowed' : `${url.host} is allowed`);
    this.#isBroken = true;
    return failed(
      EXIT.failed,
      `${url.host} may not be sent the secret`,
      `add it to HOLDFAST_SECRETS_ALLOWED_HOSTS (or MLFLOW_SECRETS_ALLOWED_HOSTS), which allows ${(allowedHosts ?? []).join(', ') || 'nobody'}`,
    );
  }

  async #head(url: URL): Promise<Outcome> {
    const { isDryRun, diagnostics } = this.#given;
    if (isDryRun) return plainHead(url, diagnostics);
    if (this.#isBroken) return skipped('not tried after what failed');
    return authenticatedHead(url, this.#made.fetch, diagnostics);
  }
}
