import type { EndedSession } from './session.ts';

/** What scripts return, read without trust in its shape: nothing where it is no list. */
export function items(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

export function strings(reply: unknown): string[] {
  return items(reply).map(String);
}

export function lists(reply: unknown): string[][] {
  return items(reply).map(strings);
}

/** Reads id and client of a session that has to go; an empty client is none. */
export function toEnded(userId: string) {
  return ([id = '', clientId = '']: readonly string[]): EndedSession => ({
    id,
    userId,
    ...(clientId !== '' && { clientId }),
  });
}
