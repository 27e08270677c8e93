import type { Identifiers } from '../fake-server/identifiers.js';

/** A request as the engines see it. */
export interface VaultCall {
  readonly method: string;
  /** Without `/v1/`, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Without slashes at its ends; '' is the root. */
  readonly namespace: string;
  readonly token: string | undefined;
  /** The parsed JSON body; `{}` without one. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface VaultAnswer {
  readonly status: number;
  /** Undefined: no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const failure = (status: number, ...errors: string[]): VaultAnswer => ({ status, body: { errors } });

export const NO_CONTENT: VaultAnswer = { status: 204 };
export const NOT_FOUND: VaultAnswer = failure(404);
export const DENIED = '1 error occurred:\n\t* permission denied\n\n';
export const UNSUPPORTED: VaultAnswer = failure(405, '1 error occurred:\n\t* unsupported operation\n\n');

export const noRoute = (path: string): VaultAnswer =>
  failure(404, `no handler for route "${path}". route entry not found.`);

/** What every secret and token comes in. */
export const envelope = (ids: Identifiers, parts: Readonly<Record<string, unknown>>, status = 200): VaultAnswer => ({
  status,
  body: {
    request_id: ids.uuid(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: null,
    wrap_info: null,
    warnings: null,
    auth: null,
    ...parts,
  },
});
