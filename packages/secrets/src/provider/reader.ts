import {
  Cached,
  CircuitBreaker,
  type ComputedTtl,
  type Duration,
  type LeasedTtl,
  Retry,
  Timeout,
  cacheOf,
  currentCall,
  leaseTtl,
  parseDuration,
} from '@holdfast/core';
import type { SecretEnvelope } from './envelope.js';
import { SecretFormatError, closedError } from '../errors.js';
import { type Asking, askingWith } from './owed-renewal.js';
import type { SecretsPolicies } from './policies.js';
import type { Reading, SecretSource } from './source.js';

/** How one call wants its result kept. Not part of the key. */
export interface Keeping {
  readonly ttlOf: (envelope: SecretEnvelope) => ComputedTtl;
  /** Whether a lease may be renewed in the place of a new secret. */
  readonly renews: boolean;
}

export interface Reader {
  read(path: string, keeping: Keeping): Promise<SecretEnvelope>;
  check(): Promise<void>;
}

const SHORTEST = 1000;

/** Within the end that a secret has of itself; one that is as good as over is not kept. */
const within = (validFor: number | undefined, ttl: ComputedTtl): ComputedTtl => {
  if (validFor === undefined || ttl === null) return ttl;
  if (validFor < SHORTEST) return null;
  const leased: LeasedTtl = typeof ttl === 'object' ? ttl : { ttl };
  const [fresh, last] = [parseDuration(leased.ttl), parseDuration(leased.hardTtl ?? Infinity)];
  return { ...leased, ttl: Math.min(fresh, validFor), hardTtl: Math.min(last, validFor) };
};

/**
 * The ttl of secrets: `ttl` for what is not leased; of a lease the time until `margin` before its end. Nothing is answered
 * after the end of a lease, or of the secret itself. @throws ConfigurationError on what is no duration.
 */
export const keepingOf = (ttl: Duration, margin: Duration, renews: boolean): Keeping => {
  const ttlOf = leaseTtl<SecretEnvelope>({
    margin,
    otherwise: ttl === 0 ? Infinity : ttl,
    lease: ({ lease }) => lease && { lease_id: lease.id, lease_duration: lease.duration },
  });
  return { renews, ttlOf: (envelope) => within(envelope.validFor, ttlOf(envelope)) };
};

/** @param title the name of the class in events: `Vault` gives `VaultReader.read`. */
export interface ReaderParts {
  readonly title: string;
  readonly source: SecretSource;
  readonly policies: SecretsPolicies;
  /** What begins an attempt then is refused: it would log in again. */
  readonly isClosed: () => boolean;
}

const cachingOf = (
  title: string,
  { staleIfError = '1h', maxSize = 256, cache = true, ttlBounds }: SecretsPolicies,
) => ({
  key: (path: string) => path,
  ttl: (envelope: SecretEnvelope, _path: string, keeping: Keeping) => keeping.ttlOf(envelope),
  staleIfError,
  maxSize,
  enabled: cache,
  // No secret stays in memory for want of somebody who asks for it.
  sweep: true,
  name: `${title.toLowerCase()} secrets`,
  ...(ttlBounds === undefined ? {} : { ttlBounds }),
});

const readingOf = (renews: boolean): Reading => {
  const { signal, cache: load } = currentCall();
  const old = renews ? (load?.stale?.value as SecretEnvelope | undefined) : undefined;
  return { signal, old, tag: (name) => load?.setTags([name]) };
};

/** A source of a user's may answer anything. */
const envelopeIn = (answer: unknown): SecretEnvelope => {
  const data: unknown = (answer as Partial<SecretEnvelope> | null | undefined)?.data;
  if (typeof data === 'object' && data !== null) return answer as SecretEnvelope;
  throw new SecretFormatError('the source answered no SecretEnvelope with data');
};

const whileOpen =
  (isClosed: () => boolean, asking: Asking): Asking =>
  async (ask) => {
    if (isClosed()) throw closedError();
    return asking(ask);
  };

/** One of this class under another name. */
const named = (Class: new () => Reader, name: string): Reader => {
  Object.defineProperty(Class, 'name', { value: name });
  return new Class();
};

/** A class for each provider, since its options are; the order of the stack is the framework's. */
export const createReader = ({ title, source, policies, isClosed }: ReaderParts): Reader => {
  const { retry, circuitBreaker, timeout } = policies;

  const renew = async (error: unknown): Promise<void> => {
    const ended = await source.renew(error);
    if (typeof ended === 'string') await cacheOf<Reader['read']>(reader, 'read').invalidateTags(ended);
  };
  const asking = whileOpen(isClosed, askingWith(retry, renew));

  class SecretReader implements Reader {
    @Cached(cachingOf(title, policies))
    @Retry({ ...retry, onAuthFailure: renew })
    @CircuitBreaker({ ...circuitBreaker, scope: 'instance' })
    @Timeout({ attempt: '5s', total: '30s', ...timeout })
    async read(path: string, { renews }: Keeping): Promise<SecretEnvelope> {
      const reading = readingOf(renews);
      return envelopeIn(await asking(() => source.read(path, reading)));
    }

    @Retry({ ...retry, onAuthFailure: renew })
    @Timeout({ attempt: '5s', total: '30s', ...timeout })
    async check(): Promise<void> {
      const { signal } = currentCall();
      return asking(() => source.check(signal));
    }
  }
  const reader = named(SecretReader, `${title}Reader`);
  return reader;
};
