import { type AwsAnswer, type AwsCall, Refused, failure, invalidParameter, invalidRequest, success } from './answer.js';
import type { SecretStore } from './secret-store.js';
import { CURRENT, type StoredSecret, type WireValue } from './stored-secret.js';

/** What requests are counted as. */
export type AwsOperation = (typeof OPERATIONS)[number] | 'other';

type Input = AwsCall['input'];
type Operate = (store: SecretStore, input: Input) => Readonly<Record<string, unknown>>;

const textOf = (input: Input, name: string): string | undefined => {
  const value = input[name];
  if (value !== undefined && typeof value !== 'string')
    throw new Refused(failure('SerializationException', `${name} must be a string`));
  return value;
};

const secretIdOf = (input: Input): string => {
  const id = textOf(input, 'SecretId');
  if (id === undefined || id === '')
    throw new Refused(
      failure(
        'ValidationException',
        "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null",
      ),
    );
  return id;
};

const valueOf = (input: Input): WireValue | undefined => {
  const [string, binary] = [textOf(input, 'SecretString'), textOf(input, 'SecretBinary')];
  if (string !== undefined && binary !== undefined)
    throw invalidParameter('You must provide either SecretString or SecretBinary.');
  if (string !== undefined) return { SecretString: string };
  return binary === undefined ? undefined : { SecretBinary: binary };
};

const named = ({ arn, name }: StoredSecret) => ({ ARN: arn, Name: name });

const putValue = (store: SecretStore, input: Input): Readonly<Record<string, unknown>> => {
  const secret = store.findLive(secretIdOf(input));
  const value = valueOf(input);
  if (value === undefined) throw invalidRequest('You must provide either SecretString or SecretBinary.');
  const id = textOf(input, 'ClientRequestToken') ?? store.newId();
  const stages = Array.isArray(input['VersionStages']) ? (input['VersionStages'] as string[]) : [CURRENT];
  if (!secret.has(id)) secret.put(id, value, store.now, stages);
  // Repeated with the same value it changes nothing, which makes it safe to repeat.
  else if (!secret.holds(id, value))
    throw new Refused(
      failure('ResourceExistsException', `You can't modify an existing version, you can only create new versions.`),
    );
  return { ...named(secret), VersionId: id, VersionStages: [...secret.find(id, undefined).stages] };
};

const windowOf = (input: Input): number => {
  if (input['ForceDeleteWithoutRecovery'] === true) return 0;
  const days = input['RecoveryWindowInDays'] ?? 30;
  if (typeof days === 'number' && days >= 7 && days <= 30) return days;
  throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
};

const OPERATE = {
  GetSecretValue: (store, input) => {
    const secret = store.findLive(secretIdOf(input));
    const { id, value, stages, createdAt } = secret.find(textOf(input, 'VersionId'), textOf(input, 'VersionStage'));
    return { ...named(secret), VersionId: id, ...value, VersionStages: [...stages], CreatedDate: createdAt };
  },
  DescribeSecret: (store, input) => {
    const secret = store.find(secretIdOf(input));
    const deleted = secret.deletedAt === undefined ? {} : { DeletedDate: secret.deletedAt };
    return { ...named(secret), CreatedDate: secret.createdAt, VersionIdsToStages: secret.stagesById, ...deleted };
  },
  PutSecretValue: putValue,
  CreateSecret: (store, input) => {
    const name = textOf(input, 'Name');
    if (name === undefined || name === '') throw invalidParameter('Invalid name. Must be a valid name.');
    const id = textOf(input, 'ClientRequestToken') ?? store.newId();
    const secret = store.create(name, valueOf(input), id);
    return { ...named(secret), ...(secret.has(id) && { VersionId: id }) };
  },
  UpdateSecretVersionStage: (store, input) => {
    const secret = store.findLive(secretIdOf(input));
    const [from, to] = [textOf(input, 'RemoveFromVersionId'), textOf(input, 'MoveToVersionId')];
    secret.relabel(textOf(input, 'VersionStage') ?? '', from, to);
    return named(secret);
  },
  DeleteSecret: (store, input) => {
    const secret = store.delete(secretIdOf(input), windowOf(input));
    return { ...named(secret), DeletionDate: secret.deletedAt };
  },
  RestoreSecret: (store, input) => named(store.restore(secretIdOf(input))),
} as const satisfies Readonly<Record<string, Operate>>;

const OPERATIONS = Object.keys(OPERATE) as readonly (keyof typeof OPERATE)[];

export const isOperation = (name: string): name is Exclude<AwsOperation, 'other'> => Object.hasOwn(OPERATE, name);

/** What the service answers to who may ask. */
export const operate = (store: SecretStore, { operation, input }: AwsCall): AwsAnswer => {
  if (!isOperation(operation)) return { status: 400, body: { __type: 'UnknownOperationException' } };
  try {
    return success(OPERATE[operation](store, input));
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    throw error;
  }
};
