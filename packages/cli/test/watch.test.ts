import { getEventListeners } from 'node:events';
import { EventEmitter } from 'node:events';
import { Context, type Surroundings } from '../src/context.js';
import { lookOf } from '../src/top/look.js';
import { pauseAfter, watch } from '../src/top/watch.js';
import { shop } from './support/fake-inspector.js';

afterEach(() => jest.restoreAllMocks());

test('an inspector with too many askers is left alone for as long as it says', () => {
  const refused = (retryAfter: number | undefined): Error => Object.assign(new Error('too many'), { retryAfter });
  expect(pauseAfter(refused(2_000), 200)).toBe(2_000);
  expect(pauseAfter(refused(1_000), 5_000)).toBe(5_000);
  expect(pauseAfter(refused(undefined), 200)).toBe(200);
  expect(pauseAfter(new Error('nothing listens there'), 200)).toBe(200);
});

/** Streams that a person could sit at. */
const terminal = (): { readonly surroundings: Surroundings; press(key: string): void } => {
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: () => undefined,
    resume: () => undefined,
    pause: () => undefined,
  });
  const stdout = Object.assign(new EventEmitter(), { isTTY: true, columns: 80, rows: 24, write: () => true });
  const surroundings = { stdin, stdout, stderr: stdout, environment: {}, folder: '/' } as unknown as Surroundings;
  return { surroundings, press: (key) => void stdin.emit('data', Buffer.from(key)) };
};

test('a look leaves nothing behind: it may be watched for weeks', async () => {
  const { surroundings, press } = terminal();
  const heard = jest.spyOn(EventTarget.prototype, 'addEventListener');
  const listeners: number[] = [];
  await watch(new Context(surroundings, false), 1, async () => {
    const [signal] = heard.mock.contexts as AbortSignal[];
    listeners.push(signal === undefined ? 0 : getEventListeners(signal, 'abort').length);
    if (listeners.length === 20) press('q');
    return lookOf(shop(), Date.now());
  });
  expect(Math.max(...listeners)).toBeLessThanOrEqual(2);
});
