import { randomUUID } from 'node:crypto';
import { createSessionStore } from '@sekisho/sessions';
import { createMinter, type SigningKey } from '@sekisho/tokens';
import { inParallel } from '../in-parallel.ts';
import { openRedis } from '../redis.ts';
import { ISSUER, SERVICES } from './cluster.ts';

const AT_ONCE = 256;
/** As a browser tells of itself. */
export const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
/** Of those that a token names. */
const SERVICES_OF_TOKEN = 4;

/**
 * People who are logged in: each has a session in Redis, and an access token as the auth service mints it.
 * @returns their tokens; the first of SERVICES takes each of them
 */
export async function logIn(redisUrl: string, key: SigningKey, count: number): Promise<readonly string[]> {
  const redis = await openRedis(redisUrl);
  const clock = () => new Date();
  const sessions = createSessionStore({ redis, clock, newId: randomUUID });
  const minter = createMinter({ issuer: ISSUER, key: () => key, clock, uuid: randomUUID });
  const tokens: string[] = [];
  await inParallel(Array<undefined>(count).fill(undefined), AT_ONCE, async () => {
    const { id, userId, fingerprint } = await sessions.create({ userId: randomUUID(), ...FROM });
    tokens.push((await minter.access(grant(userId, { id, device: fingerprint, ip: FROM.ip }))).token);
  });
  redis.disconnect();
  return tokens;
}

const FROM = { device: { userAgent: USER_AGENT, platform: 'Windows', language: 'ja-JP' }, ip: '192.0.2.123' };

function grant(subject: string, session: { readonly id: string; readonly device: string; readonly ip: string }) {
  const audience = SERVICES.slice(0, SERVICES_OF_TOKEN);
  const permissions = (name: string) => ({ permissions: [`${name}:read`, `${name}:write`] });
  return {
    ...{ subject, clientId: 'web', audience, session, lifetimeSeconds: 3_600 },
    user: { id: subject, email: `${subject.slice(0, 8)}@example.org`, roles: ['member'], permissions: [] },
    services: Object.fromEntries(audience.map((name) => [name, permissions(name)])),
  };
}
