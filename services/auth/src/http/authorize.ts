import { type AccessClaims, permissionsAt, type Verify } from '@sekisho/tokens';
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { AUDIENCE } from '../accounts/account.ts';
import type { Administrator } from '../accounts/authority.ts';
import { AuthError } from '../errors.ts';
import type { AuthMetrics } from '../metrics.ts';
import { countedVerify } from './counted-verify.ts';
import type { AdminPermission } from './permissions.ts';

export interface AuthorizeOptions {
  readonly verify: Verify;
  readonly clock: () => Date;
  readonly metrics: Pick<AuthMetrics, 'validations' | 'tokenFailures'>;
}

const administrators = new WeakMap<FastifyRequest, Administrator>();

/** Who sent a request that an `authorize` hook let pass. */
export function administratorOf(request: FastifyRequest): Administrator {
  const administrator = administrators.get(request);
  if (administrator === undefined) throw new TypeError('the route has no authorize hook');
  return administrator;
}

/** Who sent a request, as far as an `authorize` hook found out. */
export function knownAdministrator(request: FastifyRequest): Administrator | undefined {
  return administrators.get(request);
}

/** Makes hooks that let a request pass whose access token grants the permission here; they run before the body is read. */
export function createAuthorize({ verify, clock, metrics }: AuthorizeOptions) {
  const claimsOf = countedVerify(verify, metrics);
  return (permission: AdminPermission): onRequestAsyncHookHandler =>
    async (request) => {
      const claims = await claimsOf(request.headers.authorization);
      const permissions = permissionsAt(claims, AUDIENCE, clock().getTime() / 1000);
      const administrator = toAdministrator(claims, permissions, request.id);
      administrators.set(request, administrator);
      // Whatever the request comes to is told in the log with who tried; what it changed, in the audit log.
      request.log = request.log.child({ actor: administrator.subject, session: administrator.session });
      if (!permissions.includes(permission)) {
        throw new AuthError('permission_missing', `this needs the permission ${permission} at ${AUDIENCE}`);
      }
    };
}

export type Authorize = ReturnType<typeof createAuthorize>;

function toAdministrator(claims: AccessClaims, permissions: readonly string[], requestId: string): Administrator {
  const { sub, session, act } = claims;
  // RFC 8693 section 4.1: whoever acts for the user did it.
  const client = act?.sub ?? claims.client_id;
  return {
    subject: sub,
    permissions,
    requestId,
    ...(client !== undefined && { client }),
    ...(session !== undefined && { session: session.id }),
  };
}
