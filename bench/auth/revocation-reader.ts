import { openRevocationLog, startRevocationReader } from '@sekisho/sessions';

/**
 * A reader of revocations in a process of its own, whose heap holds little else: answers each message with how many it
 * knows and the bytes that are reachable. Needs --expose-gc.
 */
const [url = '', prefix = ''] = process.argv.slice(2);
const reader = startRevocationReader({ log: openRevocationLog({ url, prefix }), clock: () => new Date() });
await reader.ready;
process.on('message', () => {
  // The second run frees what finalizers of the first let go of.
  for (let run = 0; run < 2; run += 1) globalThis.gc?.();
  process.send?.({ size: reader.size, heapBytes: process.memoryUsage().heapUsed } satisfies ReaderState);
});
process.once('disconnect', () => void reader.stop());
process.send?.('ready');

export interface ReaderState {
  readonly size: number;
  readonly heapBytes: number;
}
