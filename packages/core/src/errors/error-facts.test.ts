import * as fc from 'fast-check';
import { causeChain, codeOf, holds, membersOf, ownCodeOf, readProperty, statusOf, summarize } from './error-facts.js';

const throwing = (): never => {
  throw new Error('trap');
};
const hostileProxy = new Proxy({}, { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing });
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const throwingGetter = Object.defineProperty(new Error('x'), 'code', { get: throwing });

describe('readProperty', () => {
  it.each([undefined, null, 1, 'text', Symbol('s'), hostileProxy, revoked.proxy])('answers undefined (%#)', (value) => {
    expect(readProperty(value, 'length')).toBeUndefined();
  });

  it('reads objects and functions', () => {
    expect([readProperty({ a: 1 }, 'a'), readProperty((a: number) => a, 'length')]).toEqual([1, 1]);
  });
});

describe('holds', () => {
  it('takes a test that throws for one that fails', () => {
    expect([holds(throwing, 1), holds(() => true, 1), holds(() => false, 1)]).toEqual([false, true, false]);
  });
});

describe('causeChain', () => {
  it('follows causes once each and eight at most', () => {
    const cyclic = new Error('a') as Error & { cause: unknown };
    cyclic.cause = new Error('b', { cause: cyclic });
    expect(causeChain(cyclic)).toEqual([cyclic, cyclic.cause]);
    let deep = new Error('0');
    for (let depth = 1; depth < 20; depth++) deep = new Error(String(depth), { cause: deep });
    expect(causeChain(deep)).toHaveLength(8);
  });

  it.each([
    [null, []],
    [undefined, []],
    ['text', ['text']],
  ])('starts with the thrown value %p', (thrown, chain) => {
    expect(causeChain(thrown)).toEqual(chain);
  });
});

describe('membersOf', () => {
  it('lists at most sixteen errors of an AggregateError', () => {
    expect(membersOf(new AggregateError([1, 2]))).toEqual([1, 2]);
    expect(membersOf(new AggregateError(Array.from({ length: 99 })))).toHaveLength(16);
  });

  it.each([
    { errors: [1] },
    { name: 'AggregateError' },
    { name: 'AggregateError', errors: hostileProxy },
    { name: 'AggregateError', errors: { length: -1 } },
    { name: 'AggregateError', errors: { length: NaN } },
    { name: 'AggregateError', errors: { length: '3' } },
    hostileProxy,
    null,
  ])('is empty for others (%#)', (error) => {
    expect(membersOf(error)).toEqual([]);
  });
});

describe('codeOf', () => {
  it.each([
    [{ code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
    [new Error('x', { cause: { code: 'ENOTFOUND' } }), 'ENOTFOUND'],
    [{ code: 20, cause: { code: 'ABORT_ERR' } }, 'ABORT_ERR'],
    [{ code: 'OUTER', cause: { code: 'INNER' } }, 'OUTER'],
    [{ code: 11000 }, undefined],
    [{ code: '' }, undefined],
    [{ code: 'password is hunter2' }, undefined],
    [{ code: 'A'.repeat(65) }, undefined],
    [throwingGetter, undefined],
    ['ECONNREFUSED', undefined],
    [undefined, undefined],
  ])('finds the nearest code that is a word (%#)', (error, code) => {
    expect(codeOf(error)).toBe(code);
  });

  it('is told from the code of the very error', () => {
    expect(ownCodeOf(new Error('x', { cause: { code: 'ENOTFOUND' } }))).toBeUndefined();
  });
});

describe('statusOf', () => {
  it.each([
    [{ status: 404 }, 404],
    [{ statusCode: 500 }, 500],
    [{ response: { status: 429 } }, 429],
    [{ response: { statusCode: 503 } }, 503],
    [{ status: 'failed', statusCode: 401 }, 401],
    [{ status: 100 }, 100],
    [{ status: 599 }, 599],
    [{ status: 99 }, undefined],
    [{ status: 600 }, undefined],
    [{ status: 404.5 }, undefined],
    [{ status: '404' }, undefined],
    [{ status: NaN }, undefined],
    [hostileProxy, undefined],
    [404, undefined],
    [null, undefined],
  ])('reads the usual places (%#)', (error, status) => {
    expect(statusOf(error)).toBe(status);
  });
});

describe('summarize', () => {
  it.each([
    [new TypeError('secret'), { name: 'TypeError' }],
    [Object.assign(new Error('secret'), { code: 'EPIPE', status: 502 }), { name: 'Error', code: 'EPIPE', status: 502 }],
    [new (class Custom extends Error {})('secret'), { name: 'Error' }],
    [new Map(), { name: 'Map' }],
    [{ name: 'my secret is hunter2' }, { name: 'Object' }],
    [Object.create(null), { name: 'Error' }],
    [hostileProxy, { name: 'Error' }],
    [throwingGetter, { name: 'Error' }],
    ['secret', { name: 'string' }],
    [5n, { name: 'bigint' }],
    [null, { name: 'null' }],
    [undefined, { name: 'undefined' }],
    [() => 1, { name: 'Function' }],
  ])('says name, code and status, never the message (%#)', (error, summary) => {
    expect(summarize(error)).toEqual(summary);
    expect(Object.isFrozen(summarize(error))).toBe(true);
  });

  it('never throws and never grows', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), fc.string(), (value, text) => {
        const summary = summarize(
          fc.stringify(value).length % 2 === 0 ? value : { name: text, code: text, status: value },
        );
        expect(JSON.stringify(summary).length).toBeLessThan(300);
      }),
    );
  });
});
