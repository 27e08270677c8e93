import { type BreakerSnapshot, parseSnapshot } from './events.js';

const valid: BreakerSnapshot = {
  state: 'half-open',
  openings: 2,
  rejected: 7,
  neutral: 1,
  openedFor: 1500.5,
  retryAfter: 0,
  streak: 5,
  window: { type: 'count', size: 4, calls: '0312' },
  probation: { succeeded: 1, failed: 0, inFlight: [20, 10] },
  lastFailure: { name: 'HttpError', code: 'UNAVAILABLE', status: 503 },
};

describe('parseSnapshot', () => {
  it('reads what was written, through JSON', () => {
    expect(parseSnapshot(JSON.parse(JSON.stringify(valid)))).toEqual(valid);
  });

  it('keeps nothing that it does not know', () => {
    const lastFailure = { ...valid.lastFailure, message: 'a secret' };
    expect(parseSnapshot({ ...valid, extra: 1, lastFailure })).toEqual(valid);
  });

  it('sorts the probes by age: the oldest expires first', () => {
    const probation = { ...valid.probation, inFlight: [3, 20, 10] };
    expect(parseSnapshot({ ...valid, probation }).probation.inFlight).toEqual([20, 10, 3]);
  });

  it.each([undefined, null])('reads %p as no window and no failure', (absent) => {
    const parsed = parseSnapshot({ ...valid, window: absent, lastFailure: absent });
    expect(parsed).toMatchObject({ window: undefined, lastFailure: undefined });
  });

  it('reads null as a break without end', () => {
    expect(parseSnapshot({ ...valid, retryAfter: null }).retryAfter).toBeNull();
  });

  it.each<[unknown, string]>([
    [null, 'the whole'],
    ['closed', 'the whole'],
    [{}, 'state'],
    [{ ...valid, state: 'ajar' }, 'state'],
    [{ ...valid, openings: -1 }, 'openings'],
    [{ ...valid, openings: 1.5 }, 'openings'],
    [{ ...valid, rejected: '1' }, 'rejected'],
    [{ ...valid, neutral: undefined }, 'neutral'],
    [{ ...valid, openedFor: NaN }, 'openedFor'],
    [{ ...valid, retryAfter: -1 }, 'retryAfter'],
    [{ ...valid, streak: 2 ** 60 }, 'streak'],
    [{ ...valid, window: { type: 'count' } }, 'window'],
    [{ ...valid, probation: 5 }, 'probation'],
    [{ ...valid, probation: { succeeded: 0, failed: 0 } }, 'probation.inFlight'],
    [{ ...valid, probation: { succeeded: 0, failed: 0, inFlight: [-1] } }, 'probation.inFlight'],
    [{ ...valid, probation: { succeeded: 'x', failed: 0, inFlight: [] } }, 'probation.succeeded'],
    [{ ...valid, probation: { succeeded: 0, failed: null, inFlight: [] } }, 'probation.failed'],
    [{ ...valid, lastFailure: 'Error' }, 'lastFailure'],
    [{ ...valid, lastFailure: { name: 1 } }, 'lastFailure.name'],
    [{ ...valid, lastFailure: { name: 'E', code: 1 } }, 'lastFailure.code'],
    [{ ...valid, lastFailure: { name: 'E', status: '500' } }, 'lastFailure.status'],
  ])('refuses garbage and names the field: %j', (garbage, field) => {
    expect(() => parseSnapshot(garbage)).toThrow(`circuit snapshot: ${field} is missing or wrong`);
  });
});
