import type { RefreshStore, Rotation, Session, SessionStore } from '@sekisho/sessions';

const GRACE_MS = 10_000;

type Used = Extract<Rotation, { readonly generation: number }>;

/** Families of refresh tokens in memory, by the rules of the Lua scripts. */
export function memoryRefresh(
  { live, touch }: Pick<SessionStore, 'touch'> & { readonly live: ReadonlyMap<string, Session> },
  clock: () => Date,
): RefreshStore {
  const families = new Map<
    string,
    { secret: string; context: string; valid: number; rotatedAt: number; over: boolean }
  >();
  const now = () => clock().getTime();
  const used = async (userId: string, id: string, use: Pick<Used, 'result' | 'generation'>): Promise<Rotation> => {
    const session = await touch(userId, id);
    return session === undefined ? { result: 'ended' } : { ...use, session };
  };
  const lives = (sessionId: string) => (live.get(sessionId)?.expiresAt ?? 0) > now();
  return {
    async begin(_, sessionId, family) {
      if (lives(sessionId)) families.set(sessionId, { ...family, valid: 0, rotatedAt: 0, over: false });
      return lives(sessionId);
    },
    async find(userId, sessionId) {
      const session = live.get(sessionId);
      const family = families.get(sessionId);
      if (session?.userId !== userId || !lives(sessionId) || family === undefined) return undefined;
      return { session, secret: family.secret, context: family.context, generation: family.valid, isLatest: true };
    },
    async rotate({ userId, sessionId, generation, secret }) {
      const family = families.get(sessionId);
      if (family === undefined || !lives(sessionId) || family.secret !== secret) return { result: 'ended' };
      const { valid, rotatedAt, over } = family;
      if (!over && generation >= valid) {
        Object.assign(family, { valid: generation + 1, rotatedAt: now() });
        return used(userId, sessionId, { result: 'rotated', generation: generation + 1 });
      }
      if (!over && generation === valid - 1 && now() - rotatedAt <= GRACE_MS) {
        return used(userId, sessionId, { result: 'repeated', generation: valid });
      }
      family.over = true;
      return { result: 'replayed' };
    },
  };
}
