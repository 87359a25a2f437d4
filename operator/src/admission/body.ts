/** Bytes of all bodies that are being read together, so that many large ones cannot exhaust the memory. */
export interface ByteBudget {
  /** False when there is no room; then nothing is taken. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function byteBudget(total: number): ByteBudget {
  let left = total;
  return {
    take(bytes) {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    give(bytes) {
      left += bytes;
    },
  };
}

export type Body = { readonly text: string } | { readonly refused: 'too_large' | 'busy' };

/** Reads a body of at most `maxBytes`, and gives its room in the budget back when it is read. Rejects when the stream fails. */
export async function readBody(
  stream: AsyncIterable<Uint8Array>,
  { maxBytes, budget }: { readonly maxBytes: number; readonly budget: ByteBudget },
): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      if (size + chunk.length > maxBytes) return { refused: 'too_large' };
      if (!budget.take(chunk.length)) return { refused: 'busy' };
      size += chunk.length;
      chunks.push(chunk);
    }
    return { text: Buffer.concat(chunks).toString('utf8') };
  } finally {
    budget.give(size);
  }
}
