import type { Refusal, Revocation, RevocationReader, Revoker } from '@sekisho/sessions';

export interface MemoryRevocations extends Pick<Revoker, 'revoke'>, Pick<RevocationReader, 'check'> {
  /** What was revoked, in order. */
  readonly revoked: readonly Revocation[];
  staleMs: number;
  /** The next call of `revoke` rejects, before it does anything. */
  failNext(error: Error): void;
}

/** A revoker whose reader knows at once, of sessions and users alone. */
export function memoryRevocations(now: () => Date): MemoryRevocations {
  const revoked: (Revocation & { at: number })[] = [];
  let failure: Error | undefined;
  return {
    revoked,
    staleMs: 0,
    failNext(error) {
      failure = error;
    },
    async revoke(...revocations) {
      const error = failure;
      failure = undefined;
      if (error !== undefined) throw error;
      revoked.push(...revocations.map((revocation) => ({ ...revocation, at: Math.floor(now().getTime() / 1000) })));
    },
    check({ session, sub, iat = 0 }): Refusal | undefined {
      return revoked.find(
        (entry) =>
          (entry.kind === 'session' && entry.id === session?.id) ||
          (entry.kind === 'user' && entry.id === sub && iat <= entry.at),
      );
    },
  };
}
