import type { Action } from './context.js';

/** By the words of the command. Each is loaded when it runs, so that none waits for what another one needs. */
export const ACTIONS: Readonly<Record<string, () => Promise<Action>>> = {
  info: async () => (await import('./commands/info.js')).info,
  doctor: async () => (await import('./commands/doctor.js')).doctor,
  'cache status': async () => (await import('./commands/cache-status.js')).cacheStatus,
  'cache clear': async () => (await import('./commands/cache-clear.js')).cacheClear,
  explain: async () => (await import('./commands/explain.js')).explain,
  top: async () => (await import('./commands/top.js')).top,
  completion: async () => (await import('./commands/completion.js')).completion,
};
