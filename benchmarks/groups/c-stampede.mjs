/** Many callers at once: of one cold key, of a thousand, of one whose source fails. */
import {
  asyncCacheDedupe,
  bentoCache,
  lruCacheFetch,
  oursCached,
  viaCacheable,
  viaCachified,
} from '../contenders/caches.mjs';
import { race } from '../lib/harness.mjs';
import { defineClass } from '../lib/driver.mjs';

const CALLERS = 10_000;
const KEYS = 1_000;
const CALLERS_PER_KEY = 100;

/** The promise of the load, kept while it runs. */
const storedPromise = {
  name: 'stored promise',
  make: (index, { load }) =>
    new (defineClass(
      `Stored${index}`,
      `flights = new Map();
       m(key) {
         let flight = this.flights.get(key);
         if (flight === undefined) {
           flight = load(key);
           this.flights.set(key, flight);
           const end = () => { this.flights.delete(key); };
           flight.then(end, end);
         }
         return flight;
       }`,
      { load },
    ))(),
};

const CONTENDERS = [
  storedPromise,
  oursCached('string'),
  ...[lruCacheFetch, asyncCacheDedupe, viaCachified, bentoCache, viaCacheable].map((peer) => peer('string')),
];

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A source that answers after a turn of the event loop. */
const sourceOf = (answer) => {
  const source = { calls: 0 };
  source.load = async (key) => {
    source.calls += 1;
    await turn();
    return answer(key);
  };
  return source;
};

const oneColdKey = async () => {
  const rows = [];
  for (const { name, ours, make } of CONTENDERS) {
    const source = sourceOf((key) => ({ key }));
    const target = make(0, source);
    const answers = await Promise.all(Array.from({ length: CALLERS }, () => target.m('cold')));
    if (answers.some((answer) => answer?.key !== 'cold')) throw new Error(`${name} gave a wrong answer`);
    rows.push({
      row: ours ? 'C1' : undefined,
      name: `10,000 callers of one key: ${name}`,
      ours,
      goal: ours && { calls: 1 },
      calls: source.calls,
    });
  }
  return rows;
};

const failingKey = async () => {
  const rows = [];
  let unhandled = 0;
  const count = () => (unhandled += 1);
  process.on('unhandledRejection', count);
  for (const { name, ours, make } of CONTENDERS) {
    unhandled = 0;
    let isDown = true;
    const source = sourceOf((key) => {
      if (isDown) throw new Error('down');
      return { key };
    });
    const target = make(0, source);
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => target.m('failing')));
    const calls = source.calls;
    const rejections = outcomes.filter(({ status }) => status === 'rejected').length;
    isDown = false;
    const next = await target.m('failing').catch(() => undefined);
    await turn();
    rows.push({
      row: ours ? 'C3' : undefined,
      name: `100 callers of a failing key: ${name}`,
      ours,
      goal: ours && { calls: 1, rejections: 100, isFresh: true, unhandled: 0 },
      calls,
      rejections,
      isFresh: next?.key === 'failing' && source.calls === calls + 1,
      unhandled,
    });
  }
  process.off('unhandledRejection', count);
  return rows;
};

/** One stampede is one measurement: a fresh target, a hundred thousand callers. */
const stampede = ({ name, ours, make }) => ({
  name,
  ours,
  drive: async (times) => {
    for (let time = 0; time < times; time++) {
      const source = sourceOf((key) => key);
      const target = make(0, source);
      const pending = [];
      for (let caller = 0; caller < CALLERS_PER_KEY; caller++) {
        for (let key = 0; key < KEYS; key++) pending.push(target.m(`key:${key}`));
      }
      await Promise.all(pending);
      if (source.calls !== KEYS) throw new Error(`${name}: ${source.calls} loads of ${KEYS} keys`);
    }
  },
});

const manyKeys = async ({ rounds }) => {
  const contenders = CONTENDERS.slice(0, 4).map(stampede);
  const times = await race(contenders, { rounds: Math.max(5, Math.round(rounds / 6)), batchMs: 1, warmUpMs: 200 });
  return contenders.map(({ name, ours }) => ({
    row: ours ? 'C2' : undefined,
    name: `1,000 keys × 100 callers: ${name}`,
    ours,
    goal: ours && { ratio: 2 },
    ...times.get(name),
    ns: times.get(name).ns / (KEYS * CALLERS_PER_KEY),
  }));
};

const run = async (options) => [...(await oneColdKey()), ...(await manyKeys(options)), ...(await failingKey())];

export const stampedes = {
  run,
};
