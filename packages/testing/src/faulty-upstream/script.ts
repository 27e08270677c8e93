import { parsePhase, type ParsedPhase, type Phase } from './phase.js';

/** A phase that is in force for a stretch of the time since `start()`. */
export interface ScriptWindow extends Phase {
  /** Milliseconds since `start()`, inclusive. */
  readonly from: number;
  /** Milliseconds since `start()`, exclusive. Default: for ever. */
  readonly to?: number;
}

interface ParsedWindow {
  readonly from: number;
  readonly to: number;
  readonly phase: ParsedPhase;
}

/** Beyond this a timer would fire at once. */
const LATEST = 2 ** 31 - 1;

/** What an upstream does over time. Where windows overlap, the one listed last is in force; outside of all, none is. */
export class Script {
  readonly #windows: readonly ParsedWindow[];

  /** @throws RangeError when a window is empty, begins before 0, or has a bound later than 2^31−1 ms, some 24 days. */
  constructor(windows: readonly ScriptWindow[]) {
    this.#windows = windows.map(parseWindow).reverse();
  }

  phaseAt(elapsed: number): ParsedPhase | undefined {
    return this.#windows.find(({ from, to }) => from <= elapsed && elapsed < to)?.phase;
  }

  /** The next moment after `elapsed` at which a window begins or ends. */
  nextBoundary(elapsed: number): number | undefined {
    const ahead = this.#windows
      .flatMap(({ from, to }) => [from, to])
      .filter((time) => time > elapsed && time < Infinity);
    return ahead.length === 0 ? undefined : Math.min(...ahead);
  }
}

function parseWindow({ from, to = Infinity, ...phase }: ScriptWindow, index: number): ParsedWindow {
  if (!(from >= 0 && from <= LATEST && to > from && (to <= LATEST || to === Infinity))) {
    throw new RangeError(
      `faultyUpstream: script[${index}] must have 0 <= from < to <= ${LATEST}, got from ${String(from)} to ${String(to)}`,
    );
  }
  return { from, to, phase: parsePhase(phase, `window ${index}`) };
}
