/** A guarded door into a running application. */

export { connectInspector, type InspectorClient } from './client/client.js';
export { InspectorRefusedError, InspectorUnreachableError, type UnreachableReason } from './client/errors.js';
export type { ConnectOptions } from './client/options.js';
export type {
  CacheRow,
  Cleared,
  ClearedCache,
  Environment,
  Explained,
  Info,
  InspectedMethod,
  ProviderInfo,
  RefusalCode,
  Selection,
} from './protocol.js';
