import type { Logger, Tracing } from '@sekisho/telemetry';
import type { Jwks } from '@sekisho/tokens';
import type { AuthAuditTrail } from '../audit/trail.ts';
import { countedAttempt } from '../login/counted-attempt.ts';
import type { Login } from '../login/login.ts';
import type { AuthMetrics } from '../metrics.ts';
import type { Refresh } from '../refresh/refresh.ts';
import { refreshRoute } from '../refresh/route.ts';
import { clientAddress } from './client-address.ts';
import { deviceOf } from './device.ts';
import { loginAnswer } from './login-answer.ts';
import { collectOpenApi, openApiRoute } from './open-api.ts';
import { operation } from './operation.ts';
import { withOtherMethodsRefused } from './other-methods.ts';
import { JwksAnswer, LoginAnswer, LoginBody } from './schemas.ts';
import { createServer, type HttpServer } from './server.ts';

export interface PublicAppOptions {
  readonly log: Logger;
  readonly login: Login;
  readonly refresh: Refresh;
  readonly jwks: () => Jwks;
  /** For how long a cache may keep them. @default 60 */
  readonly jwksMaxAgeSeconds?: number;
  readonly metrics: AuthMetrics;
  /** @default nothing is recorded */
  readonly tracing?: Tracing;
  readonly audit?: AuthAuditTrail;
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Adds what reads bodies in its own way, in scopes of its own: OAuth, and the log-in page. @default nothing */
  readonly pages?: (app: HttpServer) => void;
  /** Adds routes of other parts. @default none */
  readonly more?: (routes: HttpServer) => void;
}

const INFO = {
  title: 'Sekisho auth',
  description: 'Log-in, tokens and keys: what applications use.',
};

const logInOperation = operation(
  {
    id: 'logIn',
    tag: 'sessions',
    summary: 'Log in with an e-mail address and a password',
    description: 'Opens a session and answers an access token for the services asked for, and a refresh token.',
    problems: ['credentials_invalid', 'permission_missing', 'claims_too_large', 'rate_limited'],
  },
  { body: LoginBody, response: { 201: LoginAnswer } },
);

const jwksOperation = operation(
  { id: 'getKeys', tag: 'keys', summary: 'The public keys that verify tokens (RFC 7517)' },
  { response: { 200: JwksAnswer } },
);

/** What the internet may reach. */
export function buildPublicApp(options: PublicAppOptions): HttpServer {
  const app = createServer(options.log, options);
  collectOpenApi(app, INFO);
  withOtherMethodsRefused(app, (routes) => {
    openApiRoute(routes);
    loginRoute(routes, options);
    refreshRoute(routes, options);
    jwksRoute(routes, options);
    options.more?.(routes);
  });
  options.pages?.(app);
  return app;
}

function loginRoute(app: HttpServer, { login, metrics }: PublicAppOptions): void {
  app.post('/v1/sessions', { schema: logInOperation }, async (request, reply) => {
    const attempt = { ...request.body, device: deviceOf(request, request.body.device), ip: clientAddress(request) };
    const result = await countedAttempt(metrics, 'password', () => login(attempt));
    metrics.tokensIssued.inc({ kind: 'access' });
    metrics.sessionsCreated.inc();
    return reply.code(201).send(loginAnswer(result));
  });
}

function jwksRoute(app: HttpServer, { jwks, jwksMaxAgeSeconds = 60 }: PublicAppOptions): void {
  app.get('/.well-known/jwks.json', { schema: jwksOperation }, async (_, reply) => {
    const keys = jwks().keys.map((key) => ({ ...key }));
    // Public keys: scripts of any origin verify ID tokens with them.
    reply.header('access-control-allow-origin', '*');
    return reply.header('cache-control', `public, max-age=${jwksMaxAgeSeconds}`).send({ keys });
  });
}
