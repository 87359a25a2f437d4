import { deviceOf } from '../http/device.ts';
import { loginAnswer } from '../http/login-answer.ts';
import { operation } from '../http/operation.ts';
import { LoginAnswer, RefreshBody } from '../http/schemas.ts';
import type { HttpServer } from '../http/server.ts';
import { countedAttempt } from '../login/counted-attempt.ts';
import type { AuthMetrics } from '../metrics.ts';
import type { Refresh } from './refresh.ts';

export interface RefreshRouteOptions {
  readonly refresh: Refresh;
  readonly metrics: Pick<AuthMetrics, 'attempts' | 'failures' | 'tokensIssued'>;
}

const refreshOperation = operation(
  {
    id: 'refresh',
    tag: 'sessions',
    summary: 'Exchange a refresh token for an access token and the next refresh token',
    description:
      'A refresh token can be used once. Used again within 10 seconds it brings the same successor; used again later, or after its successor was used, it ends the session for everybody.',
    problems: ['session_expired', 'permission_missing', 'claims_too_large', 'rate_limited'],
  },
  { body: RefreshBody, response: { 200: LoginAnswer } },
);

export function refreshRoute(app: HttpServer, { refresh, metrics }: RefreshRouteOptions): void {
  app.post('/v1/sessions/refresh', { schema: refreshOperation }, async (request) => {
    const { refresh_token: refreshToken, ...rest } = request.body;
    const asked = { refreshToken, ...rest, device: deviceOf(request, rest.device) };
    const result = await countedAttempt(metrics, 'refresh', () => refresh(asked));
    metrics.tokensIssued.inc({ kind: 'access' });
    return loginAnswer(result);
  });
}
