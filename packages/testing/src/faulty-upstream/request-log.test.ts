import { RequestLog, type Arrival } from './request-log.js';

const arrival = (path: string): Arrival => ({ method: 'GET', path, url: path, headers: {}, phase: 'healthy' });

test('new paths are counted together once there are a thousand', () => {
  const log = new RequestLog(10);
  for (let id = 0; id < 1_005; id += 1) log.close(log.open(arrival(`/${id}`)));
  log.close(log.open(arrival('/0')));
  expect(Object.keys(log.byPath)).toHaveLength(1_001);
  expect([log.byPath['/0'], log.byPath['(other)'], log.count, log.recent.length]).toEqual([2, 5, 1_006, 10]);
});

test('clearing leaves the requests in flight', () => {
  const log = new RequestLog(10);
  const records = [log.open(arrival('/a')), log.open(arrival('/b'))];
  log.close(records[0]!);
  log.clear();
  expect([log.count, log.inFlight, log.maxInFlight]).toEqual([0, 1, 1]);
  log.close(records[1]!);
  expect([log.inFlight, records[1]!.outcome]).toEqual([0, 'abandoned']);
});
