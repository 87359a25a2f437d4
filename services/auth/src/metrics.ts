import type { Metrics } from '@sekisho/telemetry';
import { TOKEN_ERROR_CODES } from '@sekisho/tokens';

/** A password sent to the API, or typed into a log-in page (of OAuth, or our own); the refresh token or the cookie of a log-in. */
const METHODS = ['password', 'oauth_password', 'browser_password', 'refresh', 'browser_cookie'] as const;
export type LoginMethod = (typeof METHODS)[number];
const RESULTS = ['success', 'failure'] as const;

/** Why a log-in failed; clients are told less. */
const LOGIN_FAILURES = [
  'unknown_user',
  'wrong_password',
  'inactive',
  'rate_limited',
  'not_granted',
  'token_unknown',
  'session_over',
  'replayed',
  'device_changed',
  'unavailable',
  'error',
] as const;
export type LoginFailure = (typeof LOGIN_FAILURES)[number];

/** Why a session ended before its time. */
const SESSION_ENDS = ['logout', 'evicted', 'revoked', 'account_changed', 'device_changed', 'refresh_replayed'] as const;
export type SessionEnd = (typeof SESSION_ENDS)[number];

/** What became of telling an application that a session ended; `failed` is tried again. */
const LOGOUT_RESULTS = ['delivered', 'failed', 'given_up', 'unwanted', 'no_room'] as const;

export type AuthMetrics = ReturnType<typeof createAuthMetrics>;

export function createAuthMetrics(metrics: Metrics) {
  return {
    attempts: metrics.counter({
      name: 'auth_attempts_total',
      help: 'Log-ins that were tried',
      labels: { method: METHODS, result: RESULTS },
    }),
    failures: metrics.counter({
      name: 'auth_failures_total',
      help: 'Log-ins that failed, by reason',
      labels: { method: METHODS, reason: LOGIN_FAILURES },
    }),
    validations: metrics.counter({
      name: 'token_validations_total',
      help: 'Access tokens that this service verified',
      labels: { result: RESULTS },
    }),
    tokenFailures: metrics.counter({
      name: 'token_failures_total',
      help: 'Access tokens that this service refused, by reason',
      labels: { reason: TOKEN_ERROR_CODES },
    }),
    tokensIssued: metrics.counter({
      name: 'tokens_issued_total',
      help: 'Tokens that were minted',
      labels: { kind: ['access', 'service', 'delegated', 'id'] },
    }),
    sessionsDestroyed: metrics.counter({
      name: 'session_destructions_total',
      help: 'Sessions that were ended, by reason; not those that nobody used any more',
      labels: { reason: SESSION_ENDS },
    }),
    backchannelLogouts: metrics.counter({
      name: 'backchannel_logouts_total',
      help: 'Ends of sessions that applications were to be told of, by what became of it',
      labels: { result: LOGOUT_RESULTS },
    }),
    backchannelLogoutsWaiting: metrics.gauge({
      name: 'backchannel_logouts_waiting',
      help: 'Ends of sessions that applications are still to be told of, when this process last looked',
    }),
    sessionsCreated: metrics.counter({ name: 'session_creations_total', help: 'Sessions that were created' }),
  };
}
