import type { PublicClass } from '@holdfast/core';
import { EXIT } from '../exit-codes.js';
import { type Failed, failed } from './step.js';
import { printable } from '../terminal/text.js';

/** How errors are told apart: core's own ways, given so that core is not loaded before it is needed. */
export interface Diagnostics {
  readonly classify: (error: unknown) => PublicClass;
  /** Whether the message is one of ours, which never has a secret or a server's text in it. */
  readonly isOurs: (error: unknown) => boolean;
}

/** Whom the failure is about. */
export interface Subject {
  /** `vault`, or the host of a server. */
  readonly name: string;
  /** `VAULT_ADDR`: what says where it is. */
  readonly whereFrom: string;
  /** By class of error, where there is something to be said that holds for this one alone. */
  readonly remedies?: Partial<Record<PublicClass, string>>;
}

interface ErrorLike {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  /** Of the keepers of secrets: their own word, or the code of a connection. */
  readonly reason?: unknown;
  readonly cause?: unknown;
}

const DEEPEST = 8;

const chainOf = (error: unknown): ErrorLike[] => {
  const chain: ErrorLike[] = [];
  for (
    let each = error;
    typeof each === 'object' && each !== null && chain.length < DEEPEST;
    each = (each as ErrorLike).cause
  )
    chain.push(each);
  return chain;
};

const CERTIFICATE = /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS|ERR_SSL/;

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up at present',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  TIMED_OUT: 'no answer in time',
  TimeoutError: 'no answer in time',
  ECONNRESET: 'the connection ended before the answer did',
  UND_ERR_SOCKET: 'the connection ended before the answer did',
  unreachable: 'the request failed',
  EPROTO: 'what answers there does not speak TLS',
};

const networkReason = (error: unknown): string | undefined => {
  // What `fetch` calls everything that is no answer; the cause, which comes later, may say more.
  let isUnsent = false;
  for (const { code, name, reason, message } of chainOf(error)) {
    if (typeof code === 'string' && CERTIFICATE.test(code)) return 'its certificate is not trusted';
    const words = [code, reason, name].flatMap((each) =>
      typeof each === 'string' && Object.hasOwn(WORDS, each) ? [WORDS[each] as string] : [],
    );
    if (words[0] !== undefined) return words[0];
    isUnsent ||= name === 'TypeError' && message === 'fetch failed';
  }
  return isUnsent ? 'the request failed' : undefined;
};

const REMEDIES: Readonly<Record<PublicClass, string>> = {
  transient: 'it has answered, and not well: look at its own health, and try again',
  authentication: 'check the credentials: they are wrong, or no longer good',
  authorization: 'the credentials are good and may not do this: ask whoever grants the rights',
  notFound: 'check the path or name of the secret',
  permanent: 'check the configuration; HOLDFAST_LOG_LEVEL=debug shows what was tried',
};

const isConfiguration = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'ConfigurationError';

/** Others' words may quote what was sent: they are named by their kind. */
const told = (error: unknown, isOurs: Diagnostics['isOurs']): string => {
  const [first = {}] = chainOf(error);
  if (isOurs(error)) return printable(String(first.message));
  const facts = [first.name, first.code, first.status].filter(
    (each) => typeof each === 'string' || typeof each === 'number',
  );
  return printable([...new Set(facts)].join(' ')) || 'an unknown error';
};

/** What went wrong, what to do about it, and whether it was reached at all. */
export const diagnose = (error: unknown, subject: Subject, { classify, isOurs }: Diagnostics): Failed => {
  if (isConfiguration(error))
    return failed(EXIT.usage, printable(error.message), 'correct it; holdfast info shows what is set');
  const reason = networkReason(error);
  if (reason === 'its certificate is not trusted')
    return failed(
      EXIT.unreachable,
      `${subject.name}: ${reason}`,
      'name the authority that has signed it in NODE_EXTRA_CA_CERTS',
    );
  if (reason !== undefined)
    return failed(
      EXIT.unreachable,
      `${subject.name} cannot be reached: ${reason}`,
      `check ${subject.whereFrom}, and whether it can be reached from here`,
    );
  const errorClass = classify(error);
  return failed(EXIT.failed, told(error, isOurs), subject.remedies?.[errorClass] ?? REMEDIES[errorClass]);
};
