/** A guarded door into a running application. */

export { startInspector, type Inspector } from './server/inspector.js';
export type { InspectorLimits, InspectorOptions, ReadyInspector } from './server/settings.js';
export type { InspectedProvider } from './app/provider.js';
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
