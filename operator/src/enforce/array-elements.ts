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
  #state: 'before' | 'inside' | 'after' = 'before';

  /** The elements that end in this chunk. @throws OperatorError `istiod_unreadable` for an element that is too large */
  push(chunk: Uint8Array): readonly Buffer[] {
    const elements: Buffer[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const step = this.#step(chunk[at]);
      if (step === 'begins') start = at;
      if (step === 'ends') {
        this.#keep(chunk.subarray(start, at + 1));
        elements.push(this.#take());
      }
    }
    if (this.#depth > 1) this.#keep(chunk.subarray(start));
    return elements;
  }

  /** Whether the array was whole. */
  get isWhole(): boolean {
    return this.#state === 'after' && this.#depth === 0;
  }

  #step(byte: number | undefined): 'begins' | 'ends' | undefined {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return undefined;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) return this.#open();
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) return this.#close();
    return undefined;
  }

  #open(): 'begins' | undefined {
    this.#depth += 1;
    if (this.#depth === 1) this.#state = 'inside';
    return this.#depth === 2 ? 'begins' : undefined;
  }

  #close(): 'ends' | undefined {
    this.#depth -= 1;
    if (this.#depth === 0) this.#state = 'after';
    return this.#depth === 1 ? 'ends' : undefined;
  }

  #keep(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > MAX_ELEMENT) throw new OperatorError('istiod_unreadable', 'an element of the answer is too large');
    this.#parts.push(part);
  }

  #take(): Buffer {
    const [first] = this.#parts;
    const element = this.#parts.length === 1 && first ? Buffer.from(first) : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return element;
  }
}
