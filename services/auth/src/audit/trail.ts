import { type OnSecurityEvent, SECURITY_EVENT_KINDS, type SecurityEvent } from '@sekisho/sessions';
import { type AuditTrail, createAuditTrail, type Logger, type Metrics } from '@sekisho/telemetry';
import { ExchangeError } from '../exchange/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { type Authenticate, LoginRefused } from '../login/login.ts';

/**
 * What administrators change is not among it: that is in the database, in the transaction of the change (audit.ts). But for
 * regions, which may be lost with the database.
 */
const ACTIONS = ['request', 'log_in', 'token_exchange', 'region_marked', ...SECURITY_EVENT_KINDS] as const;
export type AuthAuditTrail = AuditTrail<(typeof ACTIONS)[number]>;

export function openAuditTrail(log: Logger, metrics: Metrics): AuthAuditTrail {
  return createAuditTrail({ log, metrics, actions: ACTIONS });
}

/** Tells of each password that was tried, whichever page or endpoint it came by. */
export function auditedAuthenticate(audit: AuthAuditTrail, authenticate: Authenticate): Authenticate {
  return async (attempt) => {
    const about = { action: 'log_in', details: { ip: attempt.ip } } as const;
    try {
      const account = await authenticate(attempt);
      audit.tell({ ...about, outcome: 'success', actor: { user: account.id } });
      return account;
    } catch (error) {
      const refused = error instanceof LoginRefused ? error : undefined;
      const actor = refused?.userId === undefined ? undefined : { user: refused.userId };
      if (refused === undefined) audit.tell({ ...about, outcome: 'failure', code: 'unavailable' });
      else audit.tell({ ...about, outcome: 'denied', code: refused.reason, actor });
      throw error;
    }
  };
}

/** Tells of each workload that got no token; those that were given are counted, and stand in their services' own logs. */
export function auditedExchange(audit: AuthAuditTrail, exchange: Exchange | undefined): Exchange | undefined {
  if (exchange === undefined) return undefined;
  return async (request) => {
    try {
      return await exchange(request);
    } catch (error) {
      const { clientId: client, service: target } = request;
      const about = { action: 'token_exchange', actor: { client }, target } as const;
      if (error instanceof ExchangeError) audit.tell({ ...about, outcome: 'denied', code: error.code });
      else audit.tell({ ...about, outcome: 'failure', code: 'unavailable' });
      throw error;
    }
  };
}

export function auditedSecurityEvents(audit: AuthAuditTrail): OnSecurityEvent {
  return (event) => audit.tell({ action: event.kind, ...toldOf(event) });
}

function toldOf(event: SecurityEvent) {
  switch (event.kind) {
    case 'device_changed': {
      const { userId: user, sessionId: session, changed, policy } = event;
      // Left alone it is still no success: whoever can bring it about could fill a disk with such.
      const outcome = policy === 'log' ? 'failure' : 'denied';
      return { outcome, actor: { user, session }, details: { changed, policy } } as const;
    }
    case 'refresh_replayed':
      return { outcome: 'denied', actor: { user: event.userId, session: event.sessionId } } as const;
    case 'revoked':
      return { outcome: 'success', target: `${event.what}:${event.id}` } as const;
  }
}
