import type { Channel } from '../../events/channel.js';
import type { Runtime } from '../../runtime/runtime.js';
import { LimitMachine, type LimitSettings } from './machine.js';

/** A limit moves with every round; who watches wants to see where it goes. */
const LEAST_BETWEEN_EVENTS = 1000;

/** A machine in its runtime, which tells when its limit has moved: at most once a second, with what it told last. */
export class BoundLimit {
  readonly machine: LimitMachine;
  readonly name: string;
  private readonly runtime: Runtime;
  private readonly changed: Channel<'adaptiveConcurrency.limitChanged'>;
  private told: number;
  private toldAt = -Infinity;

  constructor(name: string, settings: LimitSettings, runtime: Runtime) {
    this.name = name;
    this.runtime = runtime;
    this.machine = new LimitMachine(settings, () => runtime.random());
    this.changed = runtime.events.channel('adaptiveConcurrency.limitChanged');
    this.told = this.machine.limit;
  }

  tellChange(): void {
    const { limit } = this.machine;
    if (limit === this.told || !this.changed.isWatched) return;
    const now = this.runtime.clock.now();
    if (now - this.toldAt < LEAST_BETWEEN_EVENTS) return;
    const previous = this.told;
    this.told = limit;
    this.toldAt = now;
    this.changed.emit(this.name, { limit, previous });
  }
}
