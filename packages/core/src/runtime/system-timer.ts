import type { Timer } from './clock.js';
import { outsideAnyContext } from './system.js';

/** `setTimeout` fires at once beyond this; longer waits are chunked. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

interface Handle {
  ref?(): unknown;
  unref?(): unknown;
  refresh?(): unknown;
}

/**
 * A one-millisecond timer that keeps no process alive. Armed anew where `setTimeout` has been replaced since: what was
 * armed with a test framework's fake timers never fires once they are gone.
 */
export class Tick {
  private handle: Handle | undefined;
  private armedWith: unknown;
  private readonly callback: () => void;

  constructor(callback: () => void) {
    this.callback = callback;
  }

  /** Armed by a `setTimeout` that has been replaced since. */
  get isStranded(): boolean {
    return this.armedWith !== setTimeout;
  }

  arm(): void {
    const handle = this.handle;
    if (handle?.refresh !== undefined && !this.isStranded) handle.refresh();
    else this.handle = outsideAnyContext(() => this.make());
  }

  private make(): Handle {
    this.armedWith = setTimeout;
    const handle = setTimeout(this.callback, 1) as Handle;
    handle.unref?.();
    return handle;
  }
}

/**
 * Timers that nobody waits for any more. They let go of the process a millisecond later, all at once: a shared timer whose
 * waits come and go by the thousand would otherwise be unref'd and ref'd by each of them, which costs more than the waits.
 */
const idle: SystemTimer[] = [];

const letGo = new Tick(() => {
  for (const timer of idle.splice(0)) timer.settle();
});

export class SystemTimer implements Timer {
  private handle: Handle;
  private isReferenced = true;
  /** What the handle itself is by now. */
  private holdsProcess = true;
  private isIdle = false;
  private readonly callback: () => void;

  constructor(callback: () => void, delay: number) {
    this.callback = callback;
    this.handle = this.arm(delay);
  }

  cancel(): void {
    clearTimeout(this.handle as ReturnType<typeof setTimeout>);
  }

  ref(): void {
    this.isReferenced = true;
    if (this.holdsProcess) return;
    this.holdsProcess = true;
    this.handle.ref?.();
  }

  /** The process is let go of within two milliseconds. */
  unref(): void {
    this.isReferenced = false;
    if (this.isIdle) return;
    this.isIdle = true;
    if (idle.push(this) === 1 || letGo.isStranded) letGo.arm();
  }

  settle(): void {
    this.isIdle = false;
    if (this.isReferenced || !this.holdsProcess) return;
    this.holdsProcess = false;
    this.handle.unref?.();
  }

  private arm(delay: number): Handle {
    const rest = delay - LONGEST_TIMEOUT;
    return rest <= 0 ? setTimeout(this.callback, delay) : setTimeout(() => this.armAgain(rest), LONGEST_TIMEOUT);
  }

  /** The next chunk keeps the process alive only if the one before did. */
  private armAgain(rest: number): void {
    this.handle = this.arm(rest);
    this.holdsProcess = true;
    if (!this.isReferenced) this.unref();
  }
}
