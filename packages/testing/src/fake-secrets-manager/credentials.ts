import { type Arrived, headerOf } from '../fake-server/wire.js';
import type { Identifiers } from '../fake-server/identifiers.js';
import type { ServerClock } from '../fake-server/options.js';
import { type AwsAnswer, refusal } from './answer.js';
import type { AwsKeys, FakeSecretsManagerOptions, IssueOptions } from './options.js';
import { type Signature, amzDate, isSignedWith, signatureOf, signedAt } from './signature.js';

interface Known {
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** On the server's clock. */
  expiresAt: number;
}

const SERVICE = 'secretsmanager';
const TOLERANCE = 5 * 60_000;

const invalidSignature = (message: string): AwsAnswer => refusal('InvalidSignatureException', message);

const INVALID_TOKEN = refusal('UnrecognizedClientException', 'The security token included in the request is invalid.');
const EXPIRED_TOKEN = refusal('ExpiredTokenException', 'The security token included in the request is expired');
const NO_TOKEN = refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
const WRONG_REGION = invalidSignature('Credential should be scoped to a valid region.');
const WRONG_SERVICE = invalidSignature(`Credential should be scoped to correct service: '${SERVICE}'.`);
const MISMATCH = invalidSignature(
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
);

/** Who may ask: access keys, temporary credentials with their ends, and the signatures made with them. */
export class CredentialStore {
  readonly region: string;
  /** Milliseconds that the server's clock is ahead of the machine's, which signatures are dated by. */
  skew = 0;
  readonly #known = new Map<string, Known>();
  readonly #ids: Identifiers;
  readonly #clock: ServerClock;

  constructor(options: FakeSecretsManagerOptions, ids: Identifiers, clock: ServerClock) {
    const { region = 'eu-west-1', credentials } = options;
    this.region = region;
    this.#ids = ids;
    this.#clock = clock;
    const { accessKeyId, secretAccessKey } = credentials ?? {
      accessKeyId: 'AKIAFAKE',
      secretAccessKey: 'fake-secret-key',
    };
    this.#known.set(accessKeyId, { secretAccessKey, sessionToken: undefined, expiresAt: Infinity });
  }

  /** The wall clock of signatures and of the Date header. */
  get wall(): number {
    return Date.now() + this.skew;
  }

  issue({ duration = 3_600, tellsExpiration = false }: IssueOptions = {}): AwsKeys {
    const accessKeyId = `ASIA${this.#ids.letters(16).toUpperCase()}`;
    const secretAccessKey = this.#ids.letters(40);
    const sessionToken = `IQoJ${this.#ids.letters(96)}`;
    this.#known.set(accessKeyId, { secretAccessKey, sessionToken, expiresAt: this.#clock.now() + duration * 1_000 });
    const expiration = new Date(this.#clock.wall() + duration * 1_000);
    return { accessKeyId, secretAccessKey, sessionToken, ...(tellsExpiration && { expiration }) };
  }

  /** Temporary credentials end now. */
  expireAll(): void {
    for (const each of this.#known.values()) if (each.sessionToken !== undefined) each.expiresAt = -Infinity;
  }

  /** No key is known any more. */
  revokeAll(): void {
    this.#known.clear();
  }

  /** What a request is answered that is not signed as it should be; undefined when it is. */
  refusalOf(arrived: Arrived): AwsAnswer | undefined {
    const signature = signatureOf(arrived);
    if (signature === undefined) return NO_TOKEN;
    const known = this.#known.get(signature.accessKeyId);
    if (known === undefined || known.sessionToken !== headerOf(arrived, 'x-amz-security-token')) return INVALID_TOKEN;
    if (this.#clock.now() >= known.expiresAt) return EXPIRED_TOKEN;
    return this.#scopeRefusal(signature) ?? this.#dateRefusal(arrived) ?? mismatchOf(known, arrived, signature);
  }

  #scopeRefusal({ region, service }: Signature): AwsAnswer | undefined {
    if (region !== this.region) return WRONG_REGION;
    return service === SERVICE ? undefined : WRONG_SERVICE;
  }

  #dateRefusal(arrived: Arrived): AwsAnswer | undefined {
    const date = headerOf(arrived, 'x-amz-date') ?? '';
    const at = signedAt(date);
    const { wall } = this;
    if (at < wall - TOLERANCE)
      return invalidSignature(
        `Signature expired: ${date} is now earlier than ${amzDate(wall - TOLERANCE)} (${amzDate(wall)} - 5 min.)`,
      );
    if (at > wall + TOLERANCE)
      return invalidSignature(
        `Signature not yet current: ${date} is still later than ${amzDate(wall + TOLERANCE)} (${amzDate(wall)} + 5 min.)`,
      );
    return undefined;
  }
}

const mismatchOf = ({ secretAccessKey }: Known, arrived: Arrived, signature: Signature): AwsAnswer | undefined =>
  isSignedWith(secretAccessKey, arrived, signature) ? undefined : MISMATCH;
