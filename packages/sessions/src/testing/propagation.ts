import type { RevocationReader } from '../revocation/reader.ts';

export interface PropagationOptions {
  /** Ends a session and answers: a revoker, or an API in front of one. */
  readonly revoke: (sessionId: string) => Promise<void>;
  readonly reader: Pick<RevocationReader, 'check'>;
  readonly count: number;
  readonly newId: () => string;
}

const LONGEST_MS = 30_000;

/**
 * How long revocations take, one after the other: milliseconds from the moment in which `revoke` answered until the
 * reader refuses, in order; 0 for one that it refused before.
 */
export async function measurePropagation({ revoke, reader, count, newId }: PropagationOptions): Promise<number[]> {
  const took: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = newId();
    await revoke(id);
    const answeredAt = performance.now();
    const isRefused = () => reader.check({ session: { id } }) !== undefined;
    if (isRefused()) {
      took.push(0);
      continue;
    }
    while (!isRefused()) {
      if (performance.now() - answeredAt > LONGEST_MS) throw new Error('a revocation did not reach the reader');
      await new Promise((resolve) => setImmediate(resolve));
    }
    took.push(performance.now() - answeredAt);
  }
  return took;
}
