import { Probation, type ProbationTerms } from './probation.js';

const terms: ProbationTerms = { successThreshold: 2, halfOpenMaxCalls: 3, halfOpenMaxWait: 100 };

describe('Probation', () => {
  it('passes at the threshold and fails when it is out of reach', () => {
    const probation = new Probation();
    expect(probation.verdict(terms)).toBeUndefined();
    probation.failed = 1;
    probation.succeeded = 1;
    expect(probation.verdict(terms)).toBeUndefined();
    probation.failed = 2;
    expect(probation.verdict(terms)).toBe('failed');
    probation.succeeded = 2;
    expect(probation.verdict(terms)).toBe('passed');
  });

  it('has room for as many trials as may be made, ended ones included', () => {
    const probation = new Probation();
    probation.succeeded = probation.failed = 1;
    expect(probation.hasRoom(terms)).toBe(true);
    expect(probation.admit(9, 0)).toBe(9);
    expect(probation.hasRoom(terms)).toBe(false);
    expect(probation.takeBack(9)).toBe(true);
    expect(probation.hasRoom(terms)).toBe(true);
  });

  it('takes a trial back once, and none that it does not know', () => {
    const probation = new Probation();
    probation.admit(9, 0);
    expect(probation.takeBack(7)).toBe(false);
    expect(probation.takeBack(9)).toBe(true);
    expect(probation.takeBack(9)).toBe(false);
    expect(probation.inFlight).toBe(0);
  });

  it('fails hanging trials one by one, each at its own time', () => {
    const probation = new Probation();
    expect(probation.nextExpiry(terms)).toBe(Infinity);
    expect(probation.expire(terms, 1e9)).toBeUndefined();
    probation.admit(1, 10);
    probation.admit(3, 20);
    expect(probation.nextExpiry(terms)).toBe(110);
    expect(probation.expire(terms, 109)).toBeUndefined();
    expect(probation.expire(terms, NaN)).toBeUndefined();
    expect(probation.expire(terms, 500)).toBe(110);
    expect(probation.expire(terms, 500)).toBe(120);
    expect(probation.expire(terms, 500)).toBeUndefined();
    expect(probation).toMatchObject({ failed: 2, inFlight: 0 });
  });

  it('restores counts and the ages of its trials under other permits and another clock', () => {
    const probation = new Probation();
    probation.admit(1, 10);
    probation.admit(3, 30);
    probation.succeeded = 1;
    const copy = new Probation();
    copy.admit(99, 0);
    let permit = 40;
    copy.restore(JSON.parse(JSON.stringify(probation.toJSON(50))), 1000, () => (permit += 2));
    expect(copy.toJSON(1000)).toEqual({ succeeded: 1, failed: 0, inFlight: [40, 20] });
    expect(copy.takeBack(1)).toBe(false);
    expect(copy.takeBack(42)).toBe(true);
  });
});
