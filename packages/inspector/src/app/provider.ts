import type { BreakerState, CacheStats } from '@holdfast/core';
import type { ProviderInfo } from '../protocol.js';

/** What the inspector needs to know of a provider of secrets, or of anything else that keeps what it has fetched. */
export interface InspectedProvider {
  /** `vault`, `aws`, `azure`. */
  readonly kind: string;
  /** Without credentials: `vault:https://vault:8200`. */
  readonly name: string;
  /** Milliseconds; Infinity: for ever. */
  readonly settings?: {
    readonly ttl?: number;
    readonly staleIfError?: number;
    readonly allowedHosts?: readonly string[];
  };
  readonly stats?: CacheStats;
  readonly circuit?: { readonly state: BreakerState };
  /** Forgets what it keeps. */
  clear(): unknown;
}

/** A provider whose getter throws is shown without what it would have told. */
const told = <Value>(read: () => Value): Value | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** A name is said to have no credentials; one that has shows them to nobody all the same. */
export const nameOf = ({ name }: InspectedProvider): string => name.replace(/\/\/[^/@]*@/g, '//');

export const statsOf = (provider: InspectedProvider): CacheStats | undefined => told(() => provider.stats);

export const circuitOf = (provider: InspectedProvider): BreakerState | undefined => told(() => provider.circuit?.state);

/** JSON has no Infinity. */
const milliseconds = (value: number | undefined): number | null | undefined => (value === Infinity ? null : value);

export const describeProvider = (provider: InspectedProvider): ProviderInfo => {
  const settings = told(() => provider.settings) ?? {};
  const ttl = milliseconds(settings.ttl);
  const staleIfError = milliseconds(settings.staleIfError);
  const circuit = circuitOf(provider);
  const stats = statsOf(provider);
  const { allowedHosts } = settings;
  return {
    kind: provider.kind,
    name: nameOf(provider),
    ...(ttl !== undefined && { ttl }),
    ...(staleIfError !== undefined && { staleIfError }),
    ...(circuit !== undefined && { circuit }),
    ...(stats !== undefined && { stats }),
    ...(allowedHosts !== undefined && { allowedHosts: [...allowedHosts] }),
  };
};
