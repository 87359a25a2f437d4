import { OperatorError } from '../errors.ts';

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [...Buffer.from('"\\[]{}')];
/** etcd holds no object above 1.5 MiB, and istiod says little of a proxy. */
const MAX_ELEMENT = 2 * 1024 * 1024;

/**
 * Cuts a JSON array of objects into its elements while it arrives: istiod's answers may be tens of megabytes, of which next to
 * nothing is kept. Only brackets and strings are looked at; whoever parses an element finds what else is wrong with it.
 */
export class ArrayElements {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #parts: Uint8Array[] = [];
  #size = 0;
  #ended = false;

  /** The elements that end in this chunk. @throws OperatorError `istiod_unreadable` for an element that is too large, or no array */
  push(chunk: Uint8Array): readonly Buffer[] {
    const elements: Buffer[] = [];
    let start = 0;
    for (let at = this.#afterString(chunk, 0); at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.#inString = true;
        at = this.#afterString(chunk, at + 1) - 1;
      } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        if (this.#depth === 0) this.#open(byte);
        this.#depth += 1;
        if (this.#depth === 2) start = at;
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
        this.#depth -= 1;
        this.#ended = this.#depth === 0;
        if (this.#depth === 1) elements.push(this.#take(chunk.subarray(start, at + 1)));
      }
    }
    if (this.#depth > 1) this.#keep(chunk.subarray(start));
    return elements;
  }

  /** Whether the array was whole. */
  get isWhole(): boolean {
    return this.#ended && this.#depth === 0;
  }

  /** An object, such as an error in place of the answer, is no array of nothing. */
  #open(byte: number | undefined): void {
    if (byte === OPEN_ARRAY && !this.#ended) return;
    throw new OperatorError('istiod_unreadable', 'istiod answered no JSON array');
  }

  /** Where the string ends that goes on at `from`; `from` itself outside of one. Most bytes are in strings. */
  #afterString(chunk: Uint8Array, from: number): number {
    if (!this.#inString) return from;
    let escaped = this.#escaped;
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) {
        this.#inString = false;
        this.#escaped = false;
        return at + 1;
      }
    }
    this.#escaped = escaped;
    return chunk.length;
  }

  #keep(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > MAX_ELEMENT) throw new OperatorError('istiod_unreadable', 'an element of the answer is too large');
    this.#parts.push(part);
  }

  #take(last: Uint8Array): Buffer {
    this.#keep(last);
    const element = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return element;
  }
}
