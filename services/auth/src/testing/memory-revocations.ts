import type { EndedSession, Refusal, Revocation, RevocationReader, Revoker } from '@sekisho/sessions';

export interface MemoryRevocations extends Pick<Revoker, 'revoke' | 'end'>, Pick<RevocationReader, 'check'> {
  /** Sessions of applications that have to be told, in order. */
  readonly noted: readonly EndedSession[];
  /** Room that is left for notices. */
  room: number;
  /** What was revoked, in order. */
  readonly revoked: readonly Revocation[];
  staleMs: number;
  behindMs: number;
  /** The next call of `revoke` rejects, before it does anything. */
  failNext(error: Error): void;
}

/** A revoker whose reader knows at once, of sessions and users alone. */
export function memoryRevocations(now: () => Date): MemoryRevocations {
  const revoked: (Revocation & { at: number })[] = [];
  const noted: EndedSession[] = [];
  let failure: Error | undefined;
  return {
    revoked,
    noted,
    room: Number.POSITIVE_INFINITY,
    staleMs: 0,
    behindMs: 0,
    failNext(error) {
      failure = error;
    },
    async revoke(...revocations) {
      const error = failure;
      failure = undefined;
      if (error !== undefined) throw error;
      revoked.push(...revocations.map((revocation) => ({ ...revocation, at: Math.floor(now().getTime() / 1000) })));
    },
    async end(sessions) {
      await this.revoke(...sessions.map(({ id }) => ({ kind: 'session', id }) as const));
      const notices = sessions.filter(({ clientId }) => clientId !== undefined);
      const kept = notices.slice(0, Math.max(0, this.room - noted.length));
      noted.push(...kept);
      return notices.length - kept.length;
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
