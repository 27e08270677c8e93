import { SecretEnvelope } from '../src/index.js';
import { dataOfText, dataOfBytes } from '../src/provider/secret-text.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each([
  ['{"user":"app","n":{"a":[1]}}', { user: 'app', n: { a: [1] } }],
  ['{}', {}],
  ['plain', { value: 'plain' }],
  ['', { value: '' }],
  ['"quoted"', { value: '"quoted"' }],
  ['[1,2]', { value: '[1,2]' }],
  ['null', { value: 'null' }],
  ['12', { value: '12' }],
  ['{"half":', { value: '{"half":' }],
  ['-----BEGIN KEY-----\nMIIé\n', { value: '-----BEGIN KEY-----\nMIIé\n' }],
])('MX7: the text %j is %j, also as bytes', (text, data) => {
  expect(dataOfText(text)).toEqual(data);
  expect(dataOfBytes(bytesOf(text))).toEqual(data);
});

test.each([[[0, 255, 128]], [[0x66, 0x00, 0x6f]], [[0xc3, 0x28]], [[0x7f]]])('the bytes %j stay bytes', (bytes) => {
  const { value } = dataOfBytes(Uint8Array.from(bytes));
  expect([value instanceof Uint8Array, [...(value as Uint8Array)]]).toEqual([true, bytes]);
});

test('who changes bytes that were read changes nobody else’s', () => {
  const source = Uint8Array.from([0, 1, 2]);
  const { data } = new SecretEnvelope<{ value: Uint8Array }>({
    data: dataOfBytes(source) as { value: Uint8Array },
    lease: undefined,
    metadata: undefined,
  });
  source.fill(9);
  data.value.fill(9);
  expect([[...data.value], Object.isFrozen(data)]).toEqual([[0, 1, 2], true]);
});
