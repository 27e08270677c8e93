/**
 * What the inspector and its clients say to each other: JSON over HTTP/1.1, below `/v1`, with `Authorization: Bearer`.
 * Names, counts, durations and times only: no reply has a cached value, an argument, a key or the hash of one in it.
 *
 *     GET  /v1/info           Info
 *     GET  /v1/health         Health
 *     GET  /v1/stats          Stats
 *     GET  /v1/caches         CacheRow[]
 *     POST /v1/caches/clear   Selection → Cleared
 *     GET  /v1/explain        Explained; `?method=Class.method` for one
 *     GET  /metrics           Prometheus text, version 0.0.4
 */
import type { BreakerState, CacheStats, ExplainedMethod, Warning } from '@holdfast/core';

/** A provider of secrets, or of anything else that caches, as `/v1/info` tells of it. */
export interface ProviderInfo {
  /** `vault`, `aws`, `azure`. */
  readonly kind: string;
  /** Without credentials: `vault:https://vault:8200`. */
  readonly name: string;
  /** Milliseconds; null: for ever. Absent where the provider does not tell. */
  readonly ttl?: number | null;
  /** Milliseconds past the ttl; null: for ever. */
  readonly staleIfError?: number | null;
  /** Absent where it has no circuit. */
  readonly circuit?: BreakerState;
  readonly stats?: CacheStats;
  /** Hosts that its secrets may be sent to, where it has such a list. */
  readonly allowedHosts?: readonly string[];
}

export interface Info {
  /** Of the application, as given to `startInspector`. */
  readonly name: string;
  /** Of Holdfast. */
  readonly version: string;
  /** `v20.16.0` */
  readonly node: string;
  readonly pid: number;
  /** When the inspector was started: ISO 8601. */
  readonly startedAt: string;
  readonly providers: readonly ProviderInfo[];
  /** Names that the inspector answers to besides those of the loopback interface. */
  readonly allowedHosts?: readonly string[];
  /** Of all caches together: look-ups that cost no load of their own, 0 to 1; 0 without any. */
  readonly hitRate: number;
  readonly lookups: number;
}

/** One cache: a method's, of all its instances together, or a provider's. */
export interface CacheRow {
  /** As in the health report; of a provider: its name. */
  readonly name: string;
  /** `Catalog.product`; absent where it is a provider's. */
  readonly method?: string;
  /** The kind of the provider, where it is one's. A provider on decorators appears among the methods, too. */
  readonly provider?: string;
  /** The name of the store behind it, where there is one. */
  readonly store?: string;
  readonly stats: CacheStats;
}

/** What is to be cleared: exactly one of them. */
export type Selection =
  | { readonly all: true }
  /** `Catalog.product`, or the name of the cache. */
  | { readonly method: string }
  | { readonly tag: string }
  /** By kind or by name. */
  | { readonly provider: string };

export interface ClearedCache {
  readonly name: string;
  /** How many entries there were; absent where that is not known, as of a tag. */
  readonly entries?: number;
  /** The store behind it could not be told: what it holds may come back. */
  readonly storeFailed?: true;
}

export interface Cleared {
  readonly cleared: readonly ClearedCache[];
}

/** As `explain` of the core says it, in what JSON can hold: functions and values of the user's are named by their type. */
export interface InspectedMethod extends Omit<ExplainedMethod, 'worstCaseMs'> {
  /** Milliseconds; null where nothing bounds it. */
  readonly worstCaseMs: number | null;
}

export interface Explained {
  readonly methods: readonly InspectedMethod[];
  /** Of all these methods; each is at its method as well. */
  readonly warnings: readonly Warning[];
}

/** Why a request was refused. */
export type RefusalCode =
  /** 400: the request, its body or its query is not what it should be. */
  | 'BAD_REQUEST'
  /** 401: no token, or not the right one. */
  | 'UNAUTHORIZED'
  /** 403: another site's page may have made the request. */
  | 'FORBIDDEN_HOST'
  | 'FORBIDDEN_ORIGIN'
  /** 404: there is no such address. */
  | 'NOT_FOUND'
  /** 404: nothing has that name; `known` says what has one. */
  | 'UNKNOWN_METHOD'
  | 'UNKNOWN_PROVIDER'
  /** 404: no cache of the process has an entry with the tag. */
  | 'UNKNOWN_TAG'
  /** 405: `Allow` says what may be asked there. */
  | 'METHOD_NOT_ALLOWED'
  | 'REQUEST_TIMEOUT'
  | 'TOO_LARGE'
  /** 429: `Retry-After` says when, in seconds. */
  | 'TOO_MANY_REQUESTS'
  | 'INTERNAL';

/** The body of every answer that is no success. */
export interface RefusalBody {
  readonly error: {
    readonly code: RefusalCode;
    readonly message: string;
    readonly remedy?: string;
    /** The names there are, where the one asked for is none of them. */
    readonly known?: readonly string[];
  };
}

/** Of a request to change something, in bytes. */
export const LARGEST_BODY = 4_096;
/** A token that is given has so many characters at least: 32 hexadecimal digits are 128 bits. */
export const SHORTEST_TOKEN = 32;
/** Half of what the headers of a request may have: a longer one could be given, and never be presented. */
export const LONGEST_TOKEN = 4_096;

export const PATHS = {
  info: '/v1/info',
  health: '/v1/health',
  stats: '/v1/stats',
  caches: '/v1/caches',
  clear: '/v1/caches/clear',
  explain: '/v1/explain',
  metrics: '/metrics',
} as const;

/** What both sides read from the environment, where their options do not say it. */
export const ENVIRONMENT = {
  url: 'HOLDFAST_INSPECTOR_URL',
  socketPath: 'HOLDFAST_INSPECTOR_SOCKET',
  token: 'HOLDFAST_INSPECTOR_TOKEN',
} as const;

export type Environment = Readonly<Record<string, string | undefined>>;
