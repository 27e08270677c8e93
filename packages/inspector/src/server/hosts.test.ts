import type { IncomingMessage } from 'node:http';
import { HostList, placeOf } from './hosts.js';

const accepted = (list: HostList, ...names: string[]): string[] => names.filter((name) => list.has(name));

/** What the list says of a request: nothing, or the code of its refusal. */
const checked = (list: HostList, headersDistinct: NodeJS.Dict<string[]>, url = '/'): string | undefined => {
  try {
    list.check({ headersDistinct, url } as IncomingMessage);
    return undefined;
  } catch (error) {
    return (error as { error: { code: string } }).error.code;
  }
};

describe('names that are answered to', () => {
  test('without the port only where it is the one that the scheme means', () => {
    const asked = ['localhost', 'localhost:80', 'localhost:443', 'localhost:9000'];
    expect(accepted(new HostList('http', 80, []), ...asked)).toEqual(['localhost', 'localhost:80']);
    expect(accepted(new HostList('https', 443, []), ...asked)).toEqual(['localhost', 'localhost:443']);
    expect(accepted(new HostList('https', 80, []), ...asked)).toEqual(['localhost:80']);
    expect(accepted(new HostList('http', 443, []), ...asked)).toEqual(['localhost:443']);
    expect(accepted(new HostList('http', 9000, []), ...asked)).toEqual(['localhost:9000']);
  });

  test('of a unix socket any of the loopback, with no port or that of HTTP', () => {
    const list = new HostList('http', undefined, []);
    expect(accepted(list, 'localhost', '127.0.0.1', '[::1]', 'LOCALHOST:80', 'localhost:81', 'evil.example')).toEqual([
      'localhost',
      '127.0.0.1',
      '[::1]',
      'LOCALHOST:80',
    ]);
  });

  test('those configured without a port also with that of the inspector, and those with one as they are', () => {
    const list = new HostList('http', 9000, ['Admin.Test', 'proxy.test:8443', 'port:8.test']);
    const asked = ['admin.test', 'admin.test:9000', 'admin.test:1', 'proxy.test:8443', 'proxy.test', 'proxy.test:9000'];
    expect(accepted(list, ...asked, 'port:8.test')).toEqual([
      'admin.test',
      'admin.test:9000',
      'proxy.test:8443',
      'port:8.test',
    ]);
  });
});

describe('a request', () => {
  const list = new HostList('http', 9000, []);

  test('has one Host, which is one of the names', () => {
    expect(checked(list, { host: ['localhost:9000'] })).toBeUndefined();
    expect(checked(list, { host: ['evil.example'] })).toBe('FORBIDDEN_HOST');
    expect(checked(list, {})).toBe('BAD_REQUEST');
    expect(checked(list, { host: ['localhost:9000', 'localhost:9000'] })).toBe('BAD_REQUEST');
  });

  test.each([
    ['http://localhost:9000', undefined],
    ['HTTP://localhost:9000/', undefined],
    ['http://localhost:9000?x', undefined],
    ['http://evil.example/', 'FORBIDDEN_HOST'],
    ['http://localhost:9000@evil.example/', 'FORBIDDEN_HOST'],
    ['x http://localhost:9000/', 'FORBIDDEN_HOST'],
    ['*', 'FORBIDDEN_HOST'],
    ['', 'FORBIDDEN_HOST'],
  ])('whose target is %j: %s', (target, code) => {
    expect(checked(list, { host: ['localhost:9000'] }, target)).toBe(code);
  });
});

test.each([
  ['/v1/health', '/v1/health', {}],
  ['/v1/explain?method=a.b&x=1?2', '/v1/explain', { method: 'a.b', x: '1?2' }],
  ['http://localhost:9000/v1/stats?a=1', '/v1/stats', { a: '1' }],
  ['http://localhost:9000', '', {}],
  ['//evil.example/v1', '//evil.example/v1', {}],
  ['/x/http://evil.example/v1', '/x/http://evil.example/v1', {}],
  ['x/http://evil.example/v1', 'x/http://evil.example/v1', {}],
])('the target %s is the path %s with %j', (target, path, query) => {
  const place = placeOf(target);
  expect([place.path, Object.fromEntries(place.query)]).toEqual([path, query]);
});
