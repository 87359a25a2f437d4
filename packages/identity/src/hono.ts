import type { ErrorHandler, MiddlewareHandler } from 'hono';
import type { Caller } from './caller.ts';
import { isRefusal } from './errors.ts';
import { refusalResponse, toRefusal } from './fetch-problem.ts';
import { guards } from './guards.ts';
import { fetchHeaders } from './headers.ts';
import { createIdentify, type IdentityOptions } from './identify.ts';
import type { Requirement } from './require.ts';

declare module 'hono' {
  interface ContextVariableMap {
    /** Who calls, as this workload's Envoy verified it. */
    caller: Caller;
  }
}

/**
 * Gives every context its variable `caller`. Use it before the routes:
 * ```ts
 * app.use(identity({ service: 'bucket' }));
 * app.onError(identityErrors((_error, c) => c.text('Internal Server Error', 500)));
 * app.get('/items', requirePermission('bucket:read'), (c) => c.json(list(tokenCaller(c.var.caller).id)));
 * ```
 * A request whose caller cannot be read is answered with a problem before any route runs.
 */
export function identity(options: IdentityOptions): MiddlewareHandler {
  const identify = createIdentify(options);
  return async (context, next) => {
    const { method, headers } = context.req.raw;
    try {
      context.set('caller', await identify({ method, headers: fetchHeaders(headers) }));
    } catch (error) {
      return toRefusal(error);
    }
    return next();
  };
}

export const { requireToken, requirePermission, requireRole, requireCaller } = guards(requiring);

/**
 * For `app.onError`: answers what `tokenCaller` and its like throw in handlers.
 * @param otherwise answers every other error
 */
export function identityErrors(otherwise: ErrorHandler): ErrorHandler {
  return (error, context) => (isRefusal(error) ? refusalResponse(error) : otherwise(error, context));
}

function requiring(requirement: Requirement): MiddlewareHandler {
  return async (context, next) => {
    try {
      requirement(context.get('caller'));
    } catch (error) {
      return toRefusal(error);
    }
    return next();
  };
}
