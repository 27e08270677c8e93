/// <reference types="reflect-metadata/lite" preserve="true" />

import type { GivenOptions } from '../pipeline/policy.js';
import type { Layer, MethodRecord } from './method-record.js';

/** Under this key other tools find what is recorded about a method. */
export const METADATA_KEY = Symbol.for('@holdfast/policies');

/** One decorator line as recorded: which policies with which options, where from. */
export interface RecordedPolicies {
  readonly source: Layer['source'];
  readonly policies: Readonly<Record<string, GivenOptions | false>>;
  readonly named: string | undefined;
}

const recorded = (record: MethodRecord): readonly RecordedPolicies[] =>
  Object.freeze(record.layers.map(({ source, policies, named }) => Object.freeze({ source, policies, named })));

/**
 * Writes the record where others read: with reflect-metadata on the method (legacy dialect, by class and key), and in
 * `context.metadata` under the key (standard dialect) where the compiler supplies it.
 */
export const publishMetadata = (record: MethodRecord, metadata: Record<PropertyKey, unknown> | undefined): void => {
  const { home } = record.place;
  if (home !== undefined) Reflect.defineMetadata(METADATA_KEY, recorded(record), home, record.key);
  if (metadata === undefined || metadata === null) return;
  const inherited = metadata[METADATA_KEY] as Record<PropertyKey, unknown> | undefined;
  const own = Object.hasOwn(metadata, METADATA_KEY) ? inherited : Object.create(inherited ?? null);
  (own as Record<PropertyKey, unknown>)[record.key] = recorded(record);
  if (!Object.hasOwn(metadata, METADATA_KEY)) metadata[METADATA_KEY] = own;
};
