import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from './caller.ts';
import { guards } from './guards.ts';
import { createIdentify, type IdentityOptions } from './identify.ts';
import { answerRefusal, receivedRequest } from './node-response.ts';
import type { Requirement } from './require.ts';

declare global {
  namespace Express {
    interface Request {
      /** Who calls, as this workload's Envoy verified it. */
      caller: Caller;
    }
  }
}

type IdentifiedRequest = IncomingMessage & { caller: Caller };
type Next = (error?: unknown) => void;

/** What Express 5 takes as a handler, without a dependency on it. */
export type Middleware = (request: IdentifiedRequest, response: ServerResponse, next: Next) => Promise<void>;

/**
 * Gives every request its `caller`. Use it before the routes:
 * ```ts
 * app.use(identity({ service: 'bucket' }));
 * app.get('/items', requirePermission('bucket:read'), ({ caller }, response) => response.json(list(tokenCaller(caller).id)));
 * app.use(identityErrors);
 * ```
 * A request whose caller cannot be read is answered with a problem before any route runs.
 */
export function identity(options: IdentityOptions): Middleware {
  const identify = createIdentify(options);
  return guarded(async (request) => {
    request.caller = await identify(receivedRequest(request));
  });
}

export const { requireToken, requirePermission, requireRole, requireCaller } = guards(requiring);

/** An error handler for after the routes: answers what `tokenCaller` and its like throw in them, and passes on the rest. */
export function identityErrors(error: unknown, _request: IncomingMessage, response: ServerResponse, next: Next): void {
  if (!answerRefusal(error, response)) next(error);
}

function requiring(requirement: Requirement): Middleware {
  return guarded(async ({ caller }) => requirement(caller));
}

/** Answers a refusal itself, so that it never depends on the application's error handler. */
function guarded(check: (request: IdentifiedRequest) => Promise<void>): Middleware {
  return async (request, response, next) => {
    try {
      await check(request);
    } catch (error) {
      identityErrors(error, request, response, next);
      return;
    }
    next();
  };
}
