import { namesOf } from './sdk-names.js';

class Client {}

test('a module that has the names is taken as it is', () => {
  const module = { Client };
  expect(namesOf(module, 'Client')).toBe(module);
  expect(namesOf({ Client, default: { Client: Object } } as { Client: unknown }, 'Client').Client).toBe(Client);
});

test('one that has them in default alone, as a bundler makes it, is read there', () => {
  expect(namesOf({ default: { Client } } as unknown as { Client: unknown }, 'Client').Client).toBe(Client);
});

test('one that has them nowhere is left to whoever asks', () => {
  const module = {} as { Client: unknown };
  expect(namesOf(module, 'Client')).toBe(module);
});
