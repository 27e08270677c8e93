import {
  type EventRecorder,
  type VirtualClock,
  recordEvents,
  seededRandom,
  virtualClock,
} from '../../../testing/src/index.js';
import { type Configuration, type HoldfastRuntime, createRuntime, withRuntime } from '../../src/index.js';

/** A runtime of its own under virtual time, with a record of what it reports of calls. */
export interface VirtualWorld {
  readonly clock: VirtualClock;
  readonly runtime: HoldfastRuntime;
  readonly events: EventRecorder;
  /** The instance, its methods run in this world from now on. */
  own<Instance extends object>(instance: Instance): Instance;
}

export const virtualWorld = (configuration: Configuration = {}): VirtualWorld => {
  const clock = virtualClock();
  const runtime = createRuntime({ clock, random: seededRandom(1), logger: false, ...configuration });
  return {
    clock,
    runtime,
    events: recordEvents(runtime, ({ type }) => type !== 'advisor.warned'),
    own: (instance) => withRuntime(instance, runtime),
  };
};

/** The same where nobody listens: calls may take shorter ways than those that report what they do. */
export const quietWorld = (configuration: Configuration = {}): VirtualWorld => {
  const world = virtualWorld(configuration);
  world.events.stop();
  return world;
};

/** How a promise ends, so that a rejection is handled while time moves. */
export type Settled<Value> = { readonly value: Value } | { readonly error: unknown };

export const settledOf = <Value>(promise: Promise<Value>): Promise<Settled<Value>> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

export const errorOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const settled = await settledOf(promise);
  if ('error' in settled) return settled.error;
  throw new Error('the promise was expected to reject');
};

/** An error as drivers throw it. */
export const coded = (code: string, message = `failed with ${code}`): Error =>
  Object.assign(new Error(message), { code });

export const withStatus = (status: number, headers: Record<string, string> = {}): Error =>
  Object.assign(new Error(`HTTP ${status}`), { status, headers });
