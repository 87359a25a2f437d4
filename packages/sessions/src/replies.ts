import type { EndedSession } from './session.ts';

/** What scripts return, read without trust in its shape. */
export function strings(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

export function lists(reply: unknown): string[][] {
  return Array.isArray(reply) ? reply.map(strings) : [];
}

/** Reads id and client of a session that has to go; an empty client is none. */
export function toEnded(userId: string) {
  return ([id = '', clientId = '']: readonly string[]): EndedSession => ({
    id,
    userId,
    ...(clientId !== '' && { clientId }),
  });
}
