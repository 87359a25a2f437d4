import { openRevocationLog, type RevocationReader, startRevocationReader } from '@sekisho/sessions';
import type { Service } from '../../service.ts';
import type { Ended } from './ledger.ts';

export interface LateReader {
  readonly redisUrl: string;
  readonly prefix: string;
}

/** What a reader accepts that starts now, of what was ended: all that is left in the stores of what was answered. */
export async function acceptedLate(ended: readonly Ended[], { redisUrl, prefix }: LateReader): Promise<string[]> {
  const log = openRevocationLog({ url: redisUrl, prefix });
  const reader = startRevocationReader({ log, clock: () => new Date() });
  try {
    await reader.ready;
    return ended.filter(({ accessToken }) => accepts(reader, accessToken)).map(nameOf);
  } finally {
    await reader.stop();
  }
}

/** Of what was ended, the sessions that still bring tokens. */
export async function refreshedLate(ended: readonly Ended[], { publicApp }: Service): Promise<string[]> {
  const revived: string[] = [];
  for (const one of ended) {
    if (one.refreshToken === undefined) continue;
    const { statusCode } = await publicApp.inject(refreshOf(one.refreshToken, one.clientId));
    if (statusCode !== 400 && statusCode !== 401) revived.push(`${statusCode} ${nameOf(one)}`);
  }
  return revived;
}

function refreshOf(token: string, clientId: string | undefined) {
  const method = 'POST';
  if (clientId === undefined)
    return { method, url: '/v1/sessions/refresh', payload: { refresh_token: token } } as const;
  const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: token };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method, url: '/oauth/token', headers, payload: new URLSearchParams(form).toString() } as const;
}

function accepts(reader: RevocationReader, token: string): boolean {
  return reader.check(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())) === undefined;
}

function nameOf({ sessionId, accessToken, clientId = 'own' }: Ended): string {
  return `${clientId}: ${sessionId ?? accessToken}`;
}
