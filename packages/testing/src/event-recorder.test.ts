import { events, type HoldfastEvent } from '@holdfast/core';
import { recordEvents, type RecordableBus } from './event-recorder.js';

jest.mock('@holdfast/core', () => ({ events: { onAny: jest.fn(() => () => undefined) } }));

class Bus implements RecordableBus {
  readonly listeners = new Set<(event: HoldfastEvent) => unknown>();

  onAny(listener: (event: HoldfastEvent) => unknown): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(type: HoldfastEvent['type'], facts: object = {}): void {
    const event = { type, method: 'Catalog.product', at: 1_000, ...facts } as unknown as HoldfastEvent;
    for (const listener of this.listeners) listener(event);
  }
}

test('events are recorded in order and found by type', () => {
  const bus = new Bus();
  const recorder = recordEvents(bus);
  bus.emit('cache.miss', { keyHash: 'a' });
  bus.emit('cache.stored', { keyHash: 'a', ttl: 5 });
  bus.emit('cache.miss', { keyHash: 'b' });
  expect(recorder.types()).toEqual(['cache.miss', 'cache.stored', 'cache.miss']);
  expect(recorder.of('cache.miss').map(({ keyHash }) => keyHash)).toEqual(['a', 'b']);
  expect([recorder.count(), recorder.count('cache.miss'), recorder.count('cache.hit')]).toEqual([3, 2, 0]);
  expect(recorder.last('cache.miss')?.keyHash).toBe('b');
  expect(recorder.last('cache.hit')).toBeUndefined();
  expect(recorder.events).toHaveLength(3);
});

test('a runtime is recorded through its events', () => {
  const bus = new Bus();
  const recorder = recordEvents({ events: bus });
  bus.emit('cache.hit');
  expect(recorder.types()).toEqual(['cache.hit']);
});

test('without a source the global events are recorded', () => {
  recordEvents().stop();
  expect(events.onAny).toHaveBeenCalledTimes(1);
});

test('a filter keeps a type, a family, a list of them, or what a predicate accepts', () => {
  const bus = new Bus();
  const recorders = [
    recordEvents(bus, 'cache.hit'),
    recordEvents(bus, 'cache.*'),
    recordEvents(bus, ['cache.hit', 'retry.*']),
    recordEvents(bus, ({ type }) => type.endsWith('exhausted')),
  ];
  bus.emit('cache.hit');
  bus.emit('cache.miss');
  bus.emit('retry.exhausted');
  expect(recorders.map((recorder) => recorder.types())).toEqual([
    ['cache.hit'],
    ['cache.hit', 'cache.miss'],
    ['cache.hit', 'retry.exhausted'],
    ['retry.exhausted'],
  ]);
});

test('clear forgets and goes on, stop keeps and ends', () => {
  const bus = new Bus();
  const recorder = recordEvents(bus);
  bus.emit('cache.miss');
  recorder.clear();
  bus.emit('cache.hit');
  recorder.stop();
  bus.emit('cache.miss');
  expect(recorder.types()).toEqual(['cache.hit']);
  expect(bus.listeners.size).toBe(0);
});

test('a using block ends the recording', () => {
  const bus = new Bus();
  {
    using recorder = recordEvents(bus);
    bus.emit('cache.hit');
    expect(recorder.count()).toBe(1);
  }
  expect(bus.listeners.size).toBe(0);
});

test('the timeline is one aligned line per event', () => {
  const bus = new Bus();
  const recorder = recordEvents(bus);
  bus.emit('cache.miss', { keyHash: 'a', context: { traceId: 7 } });
  bus.emit('retry.scheduled', { at: 1_250.5, attempt: 1, delay: undefined, error: { name: 'HttpError', status: 503 } });
  bus.emit('cache.hit', { at: 1_300 });
  expect(recorder.timeline().split('\n')).toEqual([
    '    +0 ms  Catalog.product  cache.miss       keyHash=a context={"traceId":7}',
    '+250.5 ms  Catalog.product  retry.scheduled  attempt=1 error=HttpError/503',
    '  +300 ms  Catalog.product  cache.hit',
  ]);
  recorder.clear();
  expect(recorder.timeline()).toBe('');
});

test('waitFor finds an event that was recorded, and one that comes later', async () => {
  const bus = new Bus();
  const recorder = recordEvents(bus);
  bus.emit('cache.miss', { keyHash: 'a' });
  expect((await recorder.waitFor('cache.miss')).keyHash).toBe('a');
  const second = recorder.waitFor('cache.miss', { count: 2 });
  setImmediate(() => bus.emit('cache.miss', { keyHash: 'b' }));
  expect((await second).keyHash).toBe('b');
});

test('waitFor gives up after its turns and shows what came instead', async () => {
  const bus = new Bus();
  const recorder = recordEvents(bus);
  await expect(recorder.waitFor('cache.hit', { timeoutTurns: 2 })).rejects.toThrow(
    "0 of 1 'cache.hit' events, waited 2 turns; nothing was recorded",
  );
  bus.emit('cache.miss');
  await expect(recorder.waitFor('cache.hit', { timeoutTurns: 2 })).rejects.toThrow(
    'recorded:\n+0 ms  Catalog.product  cache.miss',
  );
});

test('waitFor does not wait for a recording that has ended', async () => {
  const recorder = recordEvents(new Bus());
  recorder.stop();
  await expect(recorder.waitFor('cache.hit')).rejects.toThrow('the recording has ended');
});
