import { createLogger, createMetrics } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { ExchangeError } from '../exchange/errors.ts';
import { createServer } from '../http/server.ts';
import { LoginRefused } from '../login/login.ts';
import { auditedAuthenticate, auditedExchange, auditedSecurityEvents, openAuditTrail } from './trail.ts';

function trail() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLogger({ name: 'auth', level: 'error', destination });
  return { log, lines, audit: openAuditTrail(log, createMetrics({ processMetrics: false })) };
}

const ATTEMPT = { email: 'mia@example.org', password: 'hunter2', ip: '192.0.2.1' };

describe('a log-in', () => {
  const account = { id: 'u1', email: ATTEMPT.email, roles: [], permissions: [], grants: [], active: true, version: 1 };

  test('that succeeds tells whose it was', async () => {
    const { audit, lines } = trail();
    await auditedAuthenticate(audit, async () => account)(ATTEMPT);
    expect(lines).toMatchObject([{ action: 'log_in', outcome: 'success', actor: { user: 'u1' } }]);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|mia@/);
  });

  test('that is refused tells why, and whose it would have been, as far as that is known', async () => {
    const { audit, lines } = trail();
    for (const why of ['unknown_user', { reason: 'wrong_password', userId: 'u1' }] as const) {
      const refusal = new LoginRefused(why, 'credentials_invalid', 'wrong');
      await expect(auditedAuthenticate(audit, () => Promise.reject(refusal))(ATTEMPT)).rejects.toBe(refusal);
    }
    expect(lines).toMatchObject([
      { outcome: 'denied', code: 'unknown_user', details: { ip: '192.0.2.1' } },
      { outcome: 'denied', code: 'wrong_password', actor: { user: 'u1' } },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|mia@/);
  });

  test('that could not be decided is a failure', async () => {
    const { audit, lines } = trail();
    const away = new AuthError('unavailable', 'away');
    await expect(auditedAuthenticate(audit, () => Promise.reject(away))(ATTEMPT)).rejects.toBe(away);
    expect(lines).toMatchObject([{ outcome: 'failure', code: 'unavailable' }]);
  });
});

test('an exchange that is refused tells which workload asked for which service', async () => {
  const { audit, lines } = trail();
  const refusal = new ExchangeError('invalid_target', 'no');
  const exchange = auditedExchange(audit, () => Promise.reject(refusal));
  const request = { clientId: 'shop.bucket', ip: '192.0.2.1', service: 'user', workloadToken: 'hunter2' };
  await expect(exchange?.(request)).rejects.toBe(refusal);
  expect(lines).toMatchObject([
    {
      action: 'token_exchange',
      outcome: 'denied',
      code: 'invalid_target',
      actor: { client: 'shop.bucket' },
      target: 'user',
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});

test('a refresh token that came again, and a revocation, are told', () => {
  const { audit, lines } = trail();
  const tell = auditedSecurityEvents(audit);
  tell({ kind: 'refresh_replayed', userId: 'u1', sessionId: 's1' });
  tell({ kind: 'revoked', what: 'user', id: 'u1' });
  expect(lines).toMatchObject([
    { action: 'refresh_replayed', outcome: 'denied', actor: { user: 'u1', session: 's1' } },
    { action: 'revoked', outcome: 'success', target: 'user:u1' },
  ]);
});

test('a request that is denied is told with its route, and what is told meanwhile with the same request', async () => {
  const { audit, lines, log } = trail();
  const app = createServer(log, { audit });
  app.get('/users/:id', async () => {
    audit.tell({ action: 'log_in', outcome: 'success' });
    throw new AuthError('permission_missing', 'no');
  });
  app.get('/open', async () => ({}));
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
  const headers = { 'x-request-id': 'request-1', traceparent, authorization: 'Bearer hunter2' };
  await app.inject({ url: '/users/hunter2?code=hunter2', headers });
  await app.inject({ url: '/open', headers });
  await app.close();
  const found = { requestId: 'request-1', traceId: '0af7651916cd43dd8448eb211c80319c' };
  expect(lines).toMatchObject([
    { action: 'log_in', ...found },
    {
      ...{ action: 'request', outcome: 'denied', code: 'permission_missing', ...found },
      details: { method: 'GET', route: '/users/:id', status: 403 },
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});
