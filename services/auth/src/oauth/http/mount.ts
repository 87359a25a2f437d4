import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpServer } from '../../http/server.ts';
import type { Issuer } from '../issuer.ts';
import type { LiveProvider } from '../live-provider.ts';
import { chooseLanguage } from '../pages/language.ts';
import { pageHeaders } from '../pages/layout.ts';
import { messages } from '../pages/messages.ts';
import { noticePage } from '../pages/notice-page.ts';
import { ROUTES } from '../provider.ts';

export interface MountOptions {
  readonly live: () => LiveProvider;
  readonly issuer: Issuer;
  /** Address of whoever connects. */
  readonly clientAddress: (request: FastifyRequest) => string;
  /** Seconds until somebody at this address may try another device code, 0 for now; counts it if so. */
  readonly takeUserCode: (ip: string) => Promise<number>;
}

const PATHS = [
  ['GET', '/.well-known/openid-configuration'],
  ['GET', '/.well-known/oauth-authorization-server'],
  ['GET', ROUTES.authorization],
  ['GET', `${ROUTES.authorization}/:uid`],
  ['POST', ROUTES.token],
  ['POST', ROUTES.pushed_authorization_request],
  ['POST', ROUTES.device_authorization],
  ['GET', ROUTES.code_verification],
  ['POST', ROUTES.code_verification],
  ['GET', `${ROUTES.code_verification}/:uid`],
  ['POST', ROUTES.revocation],
  ['POST', ROUTES.introspection],
  ['GET', ROUTES.end_session],
  ['POST', ROUTES.end_session],
  ['POST', `${ROUTES.end_session}/confirm`],
  ['GET', `${ROUTES.end_session}/success`],
] as const;

/** Described by their own discovery document. */
const schema = { hide: true };

/** Calls that scripts of public clients make from other origins ask first. */
const PREFLIGHTED = [
  '/.well-known/openid-configuration',
  ROUTES.token,
  ROUTES.pushed_authorization_request,
  ROUTES.revocation,
];

/** oidc-provider's own routes, in a scope whose forms it reads itself: at most 56 KiB, of known fields. */
export function mountProvider(app: HttpServer, options: MountOptions): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', (_request, _payload, done) => done(null));
  const handler = (request: FastifyRequest, reply: FastifyReply) => handOver(options, request, reply);
  app.addHook('preHandler', (request, reply) => limitUserCodes(options, request, reply));
  for (const [method, url] of PATHS) app.route({ method, url, schema, exposeHeadRoute: false, handler });
  for (const url of PREFLIGHTED) app.route({ method: 'OPTIONS', url, schema, handler });
}

function handOver({ live, issuer, clientAddress }: MountOptions, request: FastifyRequest, reply: FastifyReply) {
  // Without keys this throws, and the request is answered like any other.
  const { handle } = live();
  asIssuer(request, issuer, clientAddress(request));
  // It writes its own headers, and this one with none of its answers.
  reply.raw.setHeader('x-content-type-options', 'nosniff');
  reply.hijack();
  return handle(request.raw, reply.raw);
}

/** RFC 8628 section 5.1: a code is short, so that a person can type it, and must not be found by trying. */
async function limitUserCodes(
  { takeUserCode, clientAddress }: MountOptions,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  if (request.method !== 'POST' || request.routeOptions.url !== ROUTES.code_verification) return;
  const seconds = await takeUserCode(clientAddress(request));
  if (seconds === 0) return;
  const language = chooseLanguage({ acceptLanguage: request.headers['accept-language'] });
  const { busyTitle, rateLimited } = messages(language);
  const page = noticePage({ language, title: busyTitle, lead: rateLimited(seconds) });
  await reply
    .code(429)
    .headers({ ...pageHeaders(), 'retry-after': String(seconds) })
    .send(page);
}

/**
 * oidc-provider makes URLs of what a request says of itself. What it says is replaced by what is so: the issuer's host
 * and scheme, and the address of the client. A forged Host or X-Forwarded header reaches no link, cookie or session.
 */
function asIssuer({ raw }: FastifyRequest, { isHttps, host, basePath }: Issuer, ip: string): void {
  raw.headers['x-forwarded-proto'] = isHttps ? 'https' : 'http';
  raw.headers['x-forwarded-host'] = host;
  raw.headers['x-forwarded-for'] = ip;
  raw.headers['host'] = host;
  Object.assign(raw, { baseUrl: basePath });
}
