import { createHash, createHmac } from 'node:crypto';
import { type Arrived, headerOf } from '../fake-server/wire.js';

/** What the Authorization header of Signature Version 4 says. */
export interface Signature {
  readonly accessKeyId: string;
  /** `20260101`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Undefined for what is no signature. */
export const signatureOf = (arrived: Arrived): Signature | undefined => {
  const [matched, accessKeyId = '', day = '', region = '', service = '', headers = '', signature = ''] =
    HEADER.exec(headerOf(arrived, 'authorization') ?? '') ?? [];
  if (matched === undefined) return undefined;
  return { accessKeyId, day, region, service, signedHeaders: headers.split(';'), signature };
};

/** `20260101T120000Z`, as X-Amz-Date has it, in milliseconds since the epoch. NaN for anything else. */
export const signedAt = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/** The inverse of `signedAt`. */
export const amzDate = (at: number): string => new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Of a POST to a path without a query, which is all that this protocol has. */
const canonicalRequest = (arrived: Arrived, signedHeaders: readonly string[]): string =>
  [
    arrived.method,
    arrived.url,
    '',
    ...signedHeaders.map((name) => `${name}:${(headerOf(arrived, name) ?? '').trim().replaceAll(/\s+/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    sha256(arrived.body),
  ].join('\n');

/**
 * Whether the request was signed with this secret key.
 * Source: AWS, "Signature Version 4 signing process".
 */
export const isSignedWith = (secretAccessKey: string, arrived: Arrived, given: Signature): boolean => {
  const { day, region, service, signedHeaders } = given;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const date = headerOf(arrived, 'x-amz-date') ?? '';
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest(arrived, signedHeaders))].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, text).toString('hex') === given.signature;
};
