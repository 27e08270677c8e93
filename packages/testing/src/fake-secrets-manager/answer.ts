/** A request as the operations see it. */
export interface AwsCall {
  /** After `secretsmanager.` in X-Amz-Target: `'GetSecretValue'`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface AwsAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export const success = (body: Readonly<Record<string, unknown>>): AwsAnswer => ({ status: 200, body });

/** An error that the service itself has in its model: its text is in `Message`. */
export const failure = (type: string, message: string, status = 400): AwsAnswer => ({
  status,
  body: { __type: type, Message: message },
});

/** One of the layers before the service: its text is in `message`. */
export const refusal = (type: string, message: string): AwsAnswer => ({
  status: 400,
  body: { __type: type, message },
});

/** Thrown inside, answered at the door. */
export class Refused extends Error {
  readonly answer: AwsAnswer;

  constructor(answer: AwsAnswer) {
    super('refused');
    this.answer = answer;
  }
}

export const invalidParameter = (message: string): Refused =>
  new Refused(failure('InvalidParameterException', message));

export const invalidRequest = (message: string): Refused => new Refused(failure('InvalidRequestException', message));

export const notFound = (what = 'secret.'): Refused =>
  new Refused(failure('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}`));
