import { permissionsAt, type Verify } from '@sekisho/tokens';
import type { onRequestAsyncHookHandler } from 'fastify';
import { AUDIENCE } from '../accounts/account.ts';
import { AuthError } from '../errors.ts';
import type { AuthMetrics } from '../metrics.ts';
import { countedVerify } from './counted-verify.ts';
import type { AdminPermission } from './permissions.ts';

export interface AuthorizeOptions {
  readonly verify: Verify;
  readonly clock: () => Date;
  readonly metrics: Pick<AuthMetrics, 'validations' | 'tokenFailures'>;
}

/** Makes hooks that let a request pass whose access token grants the permission here; they run before the body is read. */
export function createAuthorize({ verify, clock, metrics }: AuthorizeOptions) {
  const claimsOf = countedVerify(verify, metrics);
  return (permission: AdminPermission): onRequestAsyncHookHandler =>
    async (request) => {
      const claims = await claimsOf(request.headers.authorization);
      const now = clock().getTime() / 1000;
      if (!permissionsAt(claims, AUDIENCE, now).includes(permission)) {
        throw new AuthError('permission_missing', `this needs the permission ${permission} at ${AUDIENCE}`);
      }
    };
}

export type Authorize = ReturnType<typeof createAuthorize>;
