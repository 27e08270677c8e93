import { FakeServer, type Handling } from '../fake-server/fake-server.js';
import { FaultQueue } from '../fake-server/faults.js';
import { Identifiers } from '../fake-server/identifiers.js';
import { draw, type Latency } from '../fake-server/options.js';
import { type Arrived, type WireAnswer, headerOf, objectOf } from '../fake-server/wire.js';
import { seededRandom } from '../seeded-random.js';
import { type AwsAnswer, type AwsCall, failure, refusal } from './answer.js';
import { CredentialStore } from './credentials.js';
import { type AwsOperation, isOperation, operate } from './operations.js';
import { TYPICAL, type AwsFault, type AwsKeys, type FakeSecretsManagerOptions, type IssueOptions } from './options.js';
import { type SdkRequestHandler, handlerThrough } from './request-handler.js';
import { SecretStore } from './secret-store.js';
import { CURRENT, type WireValue } from './stored-secret.js';

/** Text is sent as it is, bytes as SecretBinary, anything else as JSON. */
export type AwsSecretValue = string | Uint8Array | Readonly<Record<string, unknown>>;

const TARGET = 'secretsmanager.';
const STATUS: Readonly<Record<string, number>> = {
  InternalServiceError: 500,
  InternalFailure: 500,
  ServiceUnavailable: 503,
};

const wireValueOf = (value: AwsSecretValue): WireValue => {
  if (value instanceof Uint8Array) return { SecretBinary: Buffer.from(value).toString('base64') };
  return { SecretString: typeof value === 'string' ? value : JSON.stringify(value) };
};

const callFrom = (arrived: Arrived): AwsCall => {
  const target = headerOf(arrived, 'x-amz-target') ?? '';
  const operation = target.startsWith(TARGET) ? target.slice(TARGET.length) : '';
  return { operation, input: objectOf(arrived.body) };
};

/**
 * A server of AWS Secrets Manager on a free port of 127.0.0.1, as the vendor's SDK speaks to it, with the switches of a
 * bad day. Statuses, types of errors and headers are those of AWS, and signatures are verified. Made by
 * `fakeSecretsManager`. Its log never has a signature or a secret in it.
 */
export class FakeSecretsManager extends FakeServer<AwsOperation> {
  readonly region: string;
  /** The same server without a network, for virtual time: what the SDK's clients take as `requestHandler`. */
  readonly requestHandler: SdkRequestHandler;
  readonly #credentials: CredentialStore;
  readonly #secrets: SecretStore;
  readonly #ids: Identifiers;
  readonly #faults = new FaultQueue<AwsCall, AwsAnswer>('fakeSecretsManager');
  readonly #latency: Latency;
  readonly #denied = new Set<string>();
  readonly #accountId: string;
  #issued = 0;

  constructor(options: FakeSecretsManagerOptions = {}) {
    super('fakeSecretsManager', ['x-amz-security-token'], options);
    const { latency = 0, accountId = '123456789012' } = options;
    this.#latency = latency === 'typical' ? TYPICAL : latency;
    this.#accountId = accountId;
    this.#ids = new Identifiers(seededRandom(this.random.seed + 1));
    this.#credentials = new CredentialStore(options, this.#ids, this.clock);
    this.region = this.#credentials.region;
    this.#secrets = new SecretStore(this.#ids, this.clock, { region: this.region, accountId });
    this.requestHandler = handlerThrough(this.inside);
  }

  /** How often temporary credentials were issued. */
  get issued(): number {
    return this.#issued;
  }

  /** A secret; one that exists gets a new current version, and its old one is the previous. Returns the version's id. */
  setSecret(name: string, value: AwsSecretValue): string {
    const id = this.#secrets.newId();
    const secret = this.#secrets.lookUp(name);
    if (secret === undefined) this.#secrets.create(name, wireValueOf(value), id);
    else secret.put(id, wireValueOf(value), this.#secrets.now, [CURRENT]);
    return id;
  }

  /** Marked for deletion: InvalidRequestException for `days`, ResourceNotFoundException afterwards. Default 30; 0: at once. */
  deleteSecret(name: string, { days = 30 }: { readonly days?: number } = {}): void {
    this.#secrets.delete(name, days);
  }

  restoreSecret(name: string): void {
    this.#secrets.restore(name);
  }

  /** @throws when there is no such secret. */
  arnOf(name: string): string {
    return this.#secrets.find(name).arn;
  }

  /** AccessDeniedException for this secret, by name, however it is asked for; without a name for all of them. */
  deny(name = '*'): void {
    this.#denied.add(name);
  }

  allow(name?: string): void {
    if (name === undefined) this.#denied.clear();
    else this.#denied.delete(name);
  }

  /** New temporary credentials, good for `duration` seconds. */
  issueCredentials(options?: IssueOptions): AwsKeys {
    this.#issued += 1;
    return this.#credentials.issue(options);
  }

  /** What the SDK's clients take as `credentials`: temporary ones, issued whenever it is asked. */
  credentialProvider(options?: IssueOptions): () => Promise<AwsKeys> {
    return async () => this.issueCredentials(options);
  }

  /** Temporary credentials end: ExpiredTokenException for those issued so far. */
  expireCredentials(): void {
    this.#credentials.expireAll();
  }

  /** UnrecognizedClientException for every key known so far. */
  revokeCredentials(): void {
    this.#credentials.revokeAll();
  }

  /** The server's clock is so many milliseconds ahead of the machine's: signatures pass within five minutes. */
  skewClock(ms: number): void {
    this.#credentials.skew = ms;
  }

  /** The next requests are answered with ThrottlingException. Default: one request. */
  throttle({ times = 1 }: { readonly times?: number } = {}): void {
    this.#faults.add({ status: 400, times }, () => refusal('ThrottlingException', 'Rate exceeded'));
  }

  /** The next requests get this answer. */
  failNext({ type, status = STATUS[type] ?? 400, message = '', headers = {}, times = 1 }: AwsFault): void {
    this.#faults.add({ status, times }, () => ({ ...failure(type, message, status), headers }));
  }

  /** Reachable and fast, with the right time: all switches but credentials and policies are as at first. */
  override heal(): Promise<void> {
    this.skewClock(0);
    return super.heal();
  }

  protected override clearFaults(): void {
    this.#faults.clear();
  }

  protected override handle(arrived: Arrived): Handling {
    const call = callFrom(arrived);
    this.tally(isOperation(call.operation) ? call.operation : 'other');
    return { latency: draw(this.#latency, this.random), answer: () => this.#encoded(this.#answer(call, arrived)) };
  }

  #answer(call: AwsCall, arrived: Arrived): AwsAnswer {
    const answer = this.#faults.take(call) ?? this.#credentials.refusalOf(arrived);
    return answer ?? this.#denialOf(call) ?? operate(this.#secrets, call);
  }

  #denialOf({ operation, input }: AwsCall): AwsAnswer | undefined {
    const id = String(input['SecretId'] ?? input['Name']);
    const name = this.#secrets.lookUp(id)?.name ?? id;
    if (!this.#denied.has('*') && !this.#denied.has(name)) return undefined;
    const user = `arn:aws:sts::${this.#accountId}:assumed-role/app/session`;
    const action = `secretsmanager:${operation}`;
    const message = `User: ${user} is not authorized to perform: ${action} on resource: ${id} because no identity-based policy allows the ${action} action`;
    return failure('AccessDeniedException', message);
  }

  #encoded({ status, body, headers }: AwsAnswer): WireAnswer {
    const always = {
      'x-amzn-requestid': this.#ids.uuid(),
      'content-type': 'application/x-amz-json-1.1',
      date: new Date(this.#credentials.wall).toUTCString(),
    };
    return { status, text: JSON.stringify(body), headers: { ...always, ...headers } };
  }
}

/**
 * Starts a server of AWS Secrets Manager on a free loopback port. Close it, or declare it with `await using`.
 *
 * @example
 * await using aws = await fakeSecretsManager({ region: 'eu-west-1' });
 * aws.setSecret('app/db', { user: 'app', password: 'old' });
 * const client = new SecretsManagerClient({ endpoint: aws.url, region: aws.region, credentials: aws.credentialProvider() });
 */
export async function fakeSecretsManager(options?: FakeSecretsManagerOptions): Promise<FakeSecretsManager> {
  const server = new FakeSecretsManager(options);
  await server.open();
  return server;
}
