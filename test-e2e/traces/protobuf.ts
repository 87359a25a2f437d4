/** One field of a message as it stands on the wire (https://protobuf.dev/programming-guides/encoding/). */
export type Field = { readonly number: number } & (
  | { readonly wire: 'varint' | 'fixed64' | 'fixed32'; readonly value: bigint }
  | { readonly wire: 'bytes'; readonly value: Uint8Array }
);

/** Bytes that are no message. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const MAX_VARINT_BYTES = 10;

/**
 * The fields of a message, in their order. Every byte is accounted for.
 * @throws ProtobufError
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const reader = new Reader(message);
  while (!reader.atEnd) {
    const tag = Number(reader.varint());
    const number = Math.floor(tag / 8);
    if (number === 0) throw new ProtobufError('a field has number 0');
    yield fieldOf(reader, number, tag % 8);
  }
}

function fieldOf(reader: Reader, number: number, wire: number): Field {
  switch (wire) {
    case 0:
      return { number, wire: 'varint', value: reader.varint() };
    case 1:
      return { number, wire: 'fixed64', value: reader.fixed(8) };
    case 2:
      return { number, wire: 'bytes', value: reader.bytes(Number(reader.varint())) };
    case 5:
      return { number, wire: 'fixed32', value: reader.fixed(4) };
    default:
      throw new ProtobufError(`field ${number} has the wire type ${wire}`);
  }
}

class Reader {
  readonly #message: Uint8Array;
  #at = 0;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  get atEnd(): boolean {
    return this.#at === this.#message.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let index = 0n; index < MAX_VARINT_BYTES; index += 1n) {
      const byte = this.bytes(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << (7n * index);
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('a varint does not end');
  }

  /** Little-endian. */
  fixed(size: number): bigint {
    return this.bytes(size).reduceRight<bigint>((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#message.length) throw new ProtobufError('the message ends within a field');
    const bytes = this.#message.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
