import { Type } from 'typebox';
import { authorizeGuard, type WorkloadsAllowed } from '../exchange/authorize-guard.ts';
import { operation } from '../http/operation.ts';
import type { HttpServer } from '../http/server.ts';
import { countedAttempt } from '../login/counted-attempt.ts';
import type { AuthMetrics } from '../metrics.ts';
import { MAX_SESSION_SECRET_LENGTH } from '../refresh/session-secret.ts';
import type { BrowserAccess } from './browser-access.ts';

export interface BrowserRoutesOptions extends WorkloadsAllowed {
  readonly access: BrowserAccess;
  readonly metrics: Pick<AuthMetrics, 'attempts' | 'failures' | 'tokensIssued'>;
}

const CookieBody = Type.Object(
  { cookie: Type.String({ minLength: 1, maxLength: MAX_SESSION_SECRET_LENGTH, description: 'its value' }) },
  { additionalProperties: false },
);

const AccessAnswer = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  /** Seconds. */
  expires_in: Type.Integer(),
});

const accessOperation = operation(
  {
    id: 'exchangeBrowserCookie',
    tag: 'sessions',
    summary: 'Exchange the cookie of a browser for an access token of its session',
    description:
      'For the guard alone, which proves who it is by a projected ServiceAccount token with the audience sekisho. The token is for all services that are granted now. `session_expired` for every cookie that stands for no live session.',
    needs: 'workload',
    problems: ['permission_missing', 'session_expired', 'claims_too_large'],
  },
  { body: CookieBody, response: { 200: AccessAnswer } },
);

/** What the guard makes of the cookie that the log-in page set. */
export function browserRoutes(app: HttpServer, options: BrowserRoutesOptions): void {
  const { access, metrics } = options;
  const onRequest = authorizeGuard(options);
  app.post('/v1/browser-sessions/token', { schema: accessOperation, onRequest }, async ({ body: { cookie } }) => {
    const { token, claims } = await countedAttempt(metrics, 'browser_cookie', () => access(cookie));
    metrics.tokensIssued.inc({ kind: 'access' });
    return { access_token: token, token_type: 'Bearer' as const, expires_in: claims.exp - claims.iat };
  });
}
