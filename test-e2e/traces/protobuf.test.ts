import { expect, test } from 'vitest';
import { fieldsOf, ProtobufError } from './protobuf.ts';

test('reads each kind of field', () => {
  const message = Uint8Array.of(
    0x08,
    0x96,
    0x01,
    0x12,
    0x02,
    0x68,
    0x69,
    0x1d,
    1,
    0,
    0,
    0,
    0x21,
    2,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
  );
  expect([...fieldsOf(message)]).toEqual([
    { number: 1, wire: 'varint', value: 150n },
    { number: 2, wire: 'bytes', value: Uint8Array.of(0x68, 0x69) },
    { number: 3, wire: 'fixed32', value: 1n },
    { number: 4, wire: 'fixed64', value: (1n << 56n) + 2n },
  ]);
});

test.each([
  ['ends within a length', [0x12, 0x05, 0x68]],
  ['ends within a number', [0x1d, 1, 0]],
  ['has a varint without an end', [0x08, ...Array<number>(11).fill(0x80)]],
  ['has a wire type that nobody writes', [0x0b]],
  ['has field 0', [0x00, 0x01]],
])('refuses what %s', (_, bytes) => {
  expect(() => [...fieldsOf(Uint8Array.from(bytes))]).toThrow(ProtobufError);
});
