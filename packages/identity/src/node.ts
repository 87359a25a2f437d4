import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from './caller.ts';
import { guards } from './guards.ts';
import { createIdentify, type IdentityOptions } from './identify.ts';
import { answerRefusal, receivedRequest } from './node-response.ts';
import type { Requirement } from './require.ts';

/** A request of node:http with who calls, as this workload's Envoy verified it. */
export type IdentifiedRequest = IncomingMessage & { readonly caller: Caller };

export type Handler = (request: IdentifiedRequest, response: ServerResponse) => unknown;

/** Puts a condition before a handler. */
export type Guard = (handler: Handler) => Handler;

/**
 * A listener for `http.createServer` that gives every request its `caller`:
 * ```ts
 * const items = requirePermission('bucket:read')(({ caller }, response) => response.end(list(tokenCaller(caller).id)));
 * const listener = identity({ service: 'bucket' }, items);
 * createServer((request, response) => listener(request, response).catch((error) => answer(error, response)));
 * ```
 * It answers a request whose caller cannot be read, and every refusal that the handler throws, with a problem. It rejects with
 * any other error of the handler, which nobody but the application can answer.
 */
export function identity(
  options: IdentityOptions,
  handler: Handler,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const identify = createIdentify(options);
  return async (request, response) => {
    try {
      const caller = await identify(receivedRequest(request));
      await handler(Object.assign(request, { caller }), response);
    } catch (error) {
      if (!answerRefusal(error, response)) throw error;
    }
  };
}

export const { requireToken, requirePermission, requireRole, requireCaller } = guards(requiring);

function requiring(requirement: Requirement): Guard {
  return (handler) => (request, response) => {
    requirement(request.caller);
    return handler(request, response);
  };
}
