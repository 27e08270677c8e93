import { PassThrough, Readable } from 'node:stream';
import { discard, isSingleUse, keep } from './single-use.js';

const throwing = new Proxy(
  {},
  {
    get: () => {
      throw new Error('no');
    },
  },
);

describe('isSingleUse', () => {
  test.each([
    ['a Response', new Response('a')],
    ['a Request', new Request('http://localhost')],
    ['a response of another library', { arrayBuffer: () => 1, clone: () => 1, bodyUsed: false }],
    ['an answer of another client with a stream', { statusCode: 200, headers: {}, body: Readable.from(['a']) }],
    ['the same with a web stream as its data', { status: 200, data: new ReadableStream() }],
    ['a readable Node stream', Readable.from(['a'])],
    ['a duplex Node stream', new PassThrough()],
    ['a readable web stream', new ReadableStream()],
    ['a writable web stream', new WritableStream()],
    [
      'a generator',
      (function* generate() {
        yield 1;
      })(),
    ],
    [
      'an async generator',
      (async function* generate() {
        yield 1;
      })(),
    ],
    ['an iterator', [1].values()],
    ['an asynchronous iterator', { next: () => 1, [Symbol.asyncIterator]: () => undefined }],
    ['an object that throws when it is read', throwing],
  ])('%s is', (_name, value) => {
    expect(isSingleUse(value)).toBe(true);
  });

  test.each([
    ['a number', 1],
    ['a string', 'pipe'],
    ['null', null],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a plain object', { next: 1, pipe: 1 }],
    ['a cursor without iterator', { next: () => 1 }],
    ['an iterable collection', new Set([1])],
    ['an array', [1]],
    ['a Blob', new Blob(['a'])],
    ['a body that can be read again', { arrayBuffer: (): number => 1, bodyUsed: false }],
    ['a copyable buffer', { arrayBuffer: (): number => 1, clone: (): number => 1 }],
    ['an answer that was read', { statusCode: 200, body: 'text' }],
    ['a record with a stream and no status', { body: Readable.from(['a']) }],
    ['an emitter', { on: () => 1 }],
    ['a value of a functional library', { pipe: () => 1 }],
  ])('%s is not', (_name, value) => {
    expect(isSingleUse(value)).toBe(false);
  });
});

describe('discard', () => {
  const told: string[] = [];
  const tell = (what: string) => (): void => void told.push(what);
  beforeEach(() => told.splice(0));

  test('cancels a body, a web stream, and ends a Node stream and a generator', async () => {
    discard(new Response(new ReadableStream({ cancel: tell('body') })));
    discard(new ReadableStream({ cancel: tell('web stream') }));
    const stream = Readable.from(['a']);
    discard(stream);
    const generator = (function* generate() {
      try {
        yield 1;
      } finally {
        told.push('generator');
      }
    })();
    generator.next();
    discard(generator);
    expect([told, stream.destroyed]).toEqual([['body', 'web stream', 'generator'], true]);
  });

  test('ends the body of a response of another library', () => {
    const body = { pipe: tell('pipe'), on: () => undefined, destroy: tell('destroyed') };
    discard({ arrayBuffer: () => 1, clone: () => 1, bodyUsed: false, body });
    discard({ arrayBuffer: () => 1, clone: () => 1, bodyUsed: false });
    expect(told).toEqual(['destroyed']);
  });

  test('leaves alone what a caller was given to keep', () => {
    const response = new Response(new ReadableStream({ cancel: tell('body') }));
    keep(response);
    keep('text');
    discard(response);
    expect(told).toEqual([]);
  });

  test('leaves alone what can be used again, what somebody reads, and what cannot be ended', () => {
    const read = new ReadableStream({ cancel: tell('cancelled') });
    read.getReader();
    discard(read);
    discard(new WritableStream());
    discard({ next: () => 1, [Symbol.iterator]: () => undefined });
    discard({ cancel: tell('cancelled'), destroy: tell('destroyed'), return: tell('returned') });
    discard('text');
    expect(told).toEqual([]);
  });

  test('never throws', async () => {
    discard(throwing);
    discard({
      getReader: () => 1,
      cancel: () => {
        throw new Error('no');
      },
    });
    discard({ getReader: () => 1, cancel: async () => Promise.reject(new Error('no')) });
    await new Promise((resolve) => setImmediate(resolve));
  });
});
