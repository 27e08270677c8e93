import { clearTimeout, performance, setTimeout } from '../real-time.js';
import type { ParsedPhase } from './phase.js';
import type { Script } from './script.js';

/** Plays a script in real time, with one timer at a time: the one to the next boundary. */
export class ScriptPlayer {
  readonly #script: Script;
  readonly #apply: (phase: ParsedPhase | undefined) => void;
  readonly #unref: boolean;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(script: Script, apply: (phase: ParsedPhase | undefined) => void, unref: boolean) {
    this.#script = script;
    this.#apply = apply;
    this.#unref = unref;
  }

  start(): void {
    this.stop();
    this.#startedAt = performance.now();
    this.#enter(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #enter(elapsed: number): void {
    this.#apply(this.#script.phaseAt(elapsed));
    const boundary = this.#script.nextBoundary(elapsed);
    if (boundary === undefined) return this.stop();
    // A timer may fire a fraction early: at its boundary time has come by definition, so that none is entered twice.
    this.#timer = setTimeout(() => this.#enter(boundary), boundary - (performance.now() - this.#startedAt));
    if (this.#unref) this.#timer.unref();
  }
}
