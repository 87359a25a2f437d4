import { KubeError } from './errors.ts';

/** Reads a whole body as UTF-8. Throws `too_large` past `maxBytes`. */
export async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new KubeError('too_large', `the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const NEWLINE = 0x0a;

/**
 * The lines of a stream, decoded one by one: a character may be split over two chunks, a line never is over two results.
 * Throws `too_large` when a line exceeds `maxBytes`, and `network` when the stream ends inside one.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...held, chunk.subarray(start, end)]).toString('utf8');
      held = [];
      size = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < chunk.length) held.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > maxBytes) throw new KubeError('too_large', `a line is longer than ${maxBytes} bytes`);
  }
  if (size > 0) throw new KubeError('network', 'the stream ended inside a line');
}
