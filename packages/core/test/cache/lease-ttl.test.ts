import { ConfigurationError, leaseTtl } from '../../src/index.js';
import { coded, virtualWorld } from '../support/virtual-world.js';
import { cached, handleOf } from './support.js';

const lease = (seconds?: number, id = 'database/creds/app/1') => ({ lease_id: id, lease_duration: seconds });

describe('leaseTtl', () => {
  test.each([
    ['a long lease is used until a minute before its end', lease(3600), { ttl: 3_540_000, hardTtl: 3_600_000 }],
    ['a lease without a duration is one of an hour', lease(undefined), { ttl: 3_540_000, hardTtl: 3_600_000 }],
    ['a short lease is used for ten seconds', lease(30), { ttl: 10_000, hardTtl: 30_000 }],
    ['a very short one for its half', lease(5), { ttl: 2_500, hardTtl: 5_000 }],
    ['below a second it is not stored', lease(0.9), null],
    ['one that has ended is not stored', lease(0), null],
    ['one of a negative duration is not stored', lease(-1), null],
    ['one of no number at all is not stored', lease('60' as never), null],
    ['an empty id is no lease', lease(60, ''), '5m'],
    ['no id is no lease', { lease_duration: 60 }, '5m'],
    ['no object is no lease', 'secret', '5m'],
    ['null is no lease', null, '5m'],
  ])('%s', (_name, result, expected) => {
    expect(leaseTtl()(result)).toEqual(expected);
  });

  test('margin, least use, the ttl without a lease, and where the lease stands can be said', () => {
    const ttl = leaseTtl<{ auth?: { lease_id: string; lease_duration: number } }>({
      margin: '10s',
      min: '2s',
      otherwise: '1h',
      lease: ({ auth }) => auth,
    });
    expect(ttl({ auth: { lease_id: 'a', lease_duration: 60 } })).toEqual({ ttl: 50_000, hardTtl: 60_000 });
    expect(ttl({ auth: { lease_id: 'a', lease_duration: 8 } })).toEqual({ ttl: 2_000, hardTtl: 8_000 });
    expect(ttl({})).toBe('1h');
  });

  test('a wrong option is refused with the reason', () => {
    expect(() => leaseTtl({ margin: -1 })).toThrow(new ConfigurationError('leaseTtl: margin must be >= 0 ms, got -1'));
  });

  test('nothing of a lease is answered after its end, which counts from when the load began', async () => {
    const world = virtualWorld();
    let isDown = false;
    const load = async () => {
      await world.clock.sleep(1_000);
      if (isDown) throw coded('ECONNRESET');
      return lease(100);
    };
    const service = cached(world, { ttl: leaseTtl(), staleIfError: '1h' }, load);
    const first = service.get('creds');
    await world.clock.advance(1_000);
    await first;
    isDown = true;
    const get = async (): Promise<unknown> => {
      const call = service.get('creds').catch((error: unknown) => error);
      await world.clock.advance(1_000);
      return call;
    };
    await world.clock.advance(38_000);
    expect(await handleOf(service).lookup('creds')).toMatchObject({ state: 'fresh', remainingTtl: 1_000 });
    await world.clock.advance(50_000);
    expect(await get()).toMatchObject({ lease_duration: 100 });
    await world.clock.advance(9_000);
    expect(await get()).toMatchObject({ code: 'ECONNRESET' });
  });
});
