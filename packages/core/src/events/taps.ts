import type createDebug from 'debug';
import type { EventType, HoldfastEvent } from './event.js';
import type { Tap } from './event-bus.js';
import { type LogLevel, STATE_CHANGES, isNews, levelOf, logLine } from './log-line.js';

/** Receives lines and the event they were made of. Missing levels are skipped. */
export interface Logger {
  debug?(message: string, event?: HoldfastEvent): void;
  info?(message: string, event?: HoldfastEvent): void;
  warn?(message: string, event?: HoldfastEvent): void;
  error?(message: string, event?: HoldfastEvent): void;
}

const LOUDNESS: Record<LogLevel | 'silent', number> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };
export type LoggerLevel = keyof typeof LOUDNESS;
export const isLogLevel = (value: unknown): value is LoggerLevel =>
  typeof value === 'string' && Object.hasOwn(LOUDNESS, value);

/** A logger of the user's hears every event of its level and above. */
export const loggerTap = (logger: Logger, level: LoggerLevel): Tap => ({
  wants: (type) => LOUDNESS[levelOf(type)] >= LOUDNESS[level] && typeof logger[levelOf(type)] === 'function',
  hear: (event) => (isNews(event) ? logger[levelOf(event.type)]?.(`holdfast: ${logLine(event)}`, event) : undefined),
});

/** At most `burst` lines in `interval` milliseconds, then one line that says how many were left out. */
const CONSOLE_BURST = 20;
const CONSOLE_INTERVAL = 60_000;

/** The default logger is the console. */
const say = (level: LogLevel, line: string): void => {
  console[level](line);
};

/** The default logger: changes of state only, rate-limited, on the console. */
export const consoleTap = (level: LoggerLevel, now: () => number): Tap => {
  let windowStart = -Infinity;
  let lines = 0;
  return {
    wants: (type) => STATE_CHANGES.has(type) && LOUDNESS[levelOf(type)] >= LOUDNESS[level],
    hear: (event) => {
      if (!isNews(event)) return;
      if (now() - windowStart >= CONSOLE_INTERVAL) {
        windowStart = now();
        lines = 0;
      }
      lines += 1;
      if (lines < CONSOLE_BURST) say(levelOf(event.type), `holdfast: ${logLine(event)}`);
      else if (lines === CONSOLE_BURST) say('warn', 'holdfast: more changes of state follow; silent for a minute');
    },
  };
};

const area = (type: EventType): string => type.slice(0, type.indexOf('.'));

interface LineTap {
  wants(type: EventType): boolean;
  print(type: EventType, line: string): void;
}

const SILENT: LineTap = { wants: () => false, print: () => undefined };

const printing = (create: typeof createDebug): LineTap => {
  const loggers = new Map<string, createDebug.Debugger>();
  const of = (type: EventType): createDebug.Debugger => {
    const name = area(type);
    const logger = loggers.get(name) ?? create(`holdfast:${name}`);
    loggers.set(name, logger);
    return logger;
  };
  return { wants: (type) => of(type).enabled, print: (type, line) => of(type)('%s', line) };
};

/** Whether some namespace of ours may be meant; `debug` itself decides when it is there. */
const MAY_MEAN_US = /\*|holdfast/;

/**
 * `DEBUG=holdfast:*`: one namespace per area (`holdfast:cache`, `holdfast:circuit` …), asked when the tap is made. Nearly
 * no process sets it, so `debug` is loaded only where it is set; lines that come before it is there wait for it.
 * @param namespaces what `DEBUG` says.
 */
export const debugTap = (namespaces: string): Tap | undefined => {
  if (!MAY_MEAN_US.test(namespaces)) return undefined;
  const waiting: (readonly [EventType, string])[] = [];
  let tap: LineTap = { wants: () => true, print: (type, line) => void waiting.push([type, line]) };
  // Where it cannot be loaded, bundled without it, there is nothing to print with.
  const load = async (): Promise<LineTap> => {
    try {
      return printing((await import('debug')).default);
    } catch {
      return SILENT;
    }
  };
  const begin = async (): Promise<void> => {
    tap = await load();
    for (const [type, line] of waiting.splice(0)) tap.print(type, line);
  };
  // Its log function is the user's and may throw.
  begin().catch(() => undefined);
  return { wants: (type) => tap.wants(type), hear: (event) => tap.print(event.type, logLine(event)) };
};
