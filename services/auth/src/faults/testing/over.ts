import { openRevocationLog, type RevocationReader, startRevocationReader } from '@sekisho/sessions';
import { until } from '@sekisho/sessions/testing';
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
    await until('a new reader has everything', async () => Number.isFinite(reader.staleMs));
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
    const statusCode = await refreshStatus(publicApp, one.refreshToken, one.clientId);
    if (statusCode !== 400 && statusCode !== 401) revived.push(`${statusCode} ${nameOf(one)}`);
  }
  return revived;
}

/** Of the first answer that is one: a Redis that is slow for a moment says nothing about the session. */
async function refreshStatus(app: Service['publicApp'], token: string, clientId: string | undefined): Promise<number> {
  let status = 503;
  await until('a refresh is answered', async () => {
    status = (await app.inject(refreshOf(token, clientId))).statusCode;
    return status !== 503;
  });
  return status;
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
