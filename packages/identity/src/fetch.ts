import type { Caller } from './caller.ts';
import { toRefusal } from './fetch-problem.ts';
import { guards } from './guards.ts';
import { fetchHeaders } from './headers.ts';
import { createIdentify, type IdentityOptions } from './identify.ts';
import type { Requirement } from './require.ts';

/** A request with who calls, as this workload's Envoy verified it. */
export interface Identified {
  readonly request: Request;
  readonly caller: Caller;
}

export type Handler = (identified: Identified) => Response | Promise<Response>;

/** Puts a condition before a handler. */
export type Guard = (handler: Handler) => Handler;

/**
 * A fetch handler, for servers that speak `Request` and `Response`:
 * ```ts
 * const items = requirePermission('bucket:read')(({ caller }) => Response.json(list(tokenCaller(caller).id)));
 * export const handler = identity({ service: 'bucket' }, items);
 * ```
 * It answers a request whose caller cannot be read, and every refusal that the handler throws, with a problem; any
 * other error of the handler rejects.
 */
export function identity(options: IdentityOptions, handler: Handler): (request: Request) => Promise<Response> {
  const identify = createIdentify(options);
  return async (request) => {
    try {
      const caller = await identify({ method: request.method, headers: fetchHeaders(request.headers) });
      return await handler({ request, caller });
    } catch (error) {
      return toRefusal(error);
    }
  };
}

export const { requireToken, requirePermission, requireRole, requireCaller } = guards(requiring);

function requiring(requirement: Requirement): Guard {
  return (handler) => (identified) => {
    requirement(identified.caller);
    return handler(identified);
  };
}
