import { isIP } from 'node:net';
import { type Device, SessionError } from '@sekisho/sessions';
import type { Logger } from '@sekisho/telemetry';
import type { Jwks } from '@sekisho/tokens';
import type { FastifyRequest } from 'fastify';
import { AuthError } from '../errors.ts';
import { type Login, LoginRefused, type LoginRequest, type LoginResult } from '../login/login.ts';
import type { AuthMetrics, LoginFailure } from '../metrics.ts';
import { withOtherMethodsRefused } from './other-methods.ts';
import { JwksAnswer, LoginAnswer, LoginBody } from './schemas.ts';
import { createServer, type HttpServer } from './server.ts';

export interface PublicAppOptions {
  readonly log: Logger;
  readonly login: Login;
  readonly jwks: () => Jwks;
  readonly metrics: AuthMetrics;
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

const MAX_USER_AGENT = 512;

/** What the internet may reach. */
export function buildPublicApp(options: PublicAppOptions): HttpServer {
  const app = createServer(options.log, options);
  withOtherMethodsRefused(app, (routes) => {
    loginRoute(routes, options);
    jwksRoute(routes, options);
  });
  return app;
}

function loginRoute(app: HttpServer, { login, metrics }: PublicAppOptions): void {
  app.post('/v1/sessions', { schema: { body: LoginBody, response: { 201: LoginAnswer } } }, async (request, reply) => {
    const { device = {}, ...credentials } = request.body;
    const userAgent = request.headers['user-agent'];
    const attempt = { ...credentials, device: withUserAgent(device, userAgent), ip: clientAddress(request) };
    const { token, expiresIn, session } = await counted(metrics, login, attempt);
    return reply.code(201).send({
      access_token: token,
      token_type: 'Bearer',
      expires_in: expiresIn,
      session: { id: session.id, expiresAt: new Date(session.expiresAt).toISOString() },
    });
  });
}

function jwksRoute(app: HttpServer, { jwks }: PublicAppOptions): void {
  app.get('/.well-known/jwks.json', { schema: { response: { 200: JwksAnswer } } }, async (_, reply) => {
    const keys = jwks().keys.map((key) => ({ ...key }));
    return reply.header('cache-control', 'public, max-age=300').send({ keys });
  });
}

/** The entry of `X-Forwarded-For` may be any text: a proxy can be made to pass on what it was sent. */
function clientAddress({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}

/** What the client says of itself wins: behind a proxy or in an app the header tells of something else. */
function withUserAgent(device: Device, header: string | undefined): Device {
  const userAgent = device.userAgent ?? header?.slice(0, MAX_USER_AGENT);
  return { ...device, ...(userAgent !== undefined && { userAgent }) };
}

async function counted(metrics: AuthMetrics, login: Login, attempt: LoginRequest): Promise<LoginResult> {
  const method = 'password';
  try {
    const result = await login(attempt);
    metrics.attempts.inc({ method, result: 'success' });
    metrics.tokensIssued.inc({ kind: 'access' });
    metrics.sessionsCreated.inc();
    return result;
  } catch (error) {
    metrics.attempts.inc({ method, result: 'failure' });
    metrics.failures.inc({ method, reason: reasonOf(error) });
    throw error;
  }
}

function reasonOf(error: unknown): LoginFailure {
  if (error instanceof LoginRefused) return error.reason;
  const isAway = error instanceof AuthError && error.code === 'unavailable';
  return isAway || error instanceof SessionError ? 'unavailable' : 'error';
}
