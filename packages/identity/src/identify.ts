import type { Caller } from './caller.ts';
import type { HeaderBag } from './headers.ts';
import { provenanceOf } from './provenance.ts';
import { type CallerOptions, readCaller } from './read-caller.ts';

export interface IdentityOptions extends CallerOptions {
  /**
   * Verifies the token once more in this process, for who does not trust everything that can reach its port:
   * `createTokenVerifier` of `@sekisho/identity/verify`. @default the mesh alone verifies
   */
  readonly verify?: VerifyToken;
  /** Is told why a caller could not be read, before the request is answered; for a log. @default nobody is told */
  readonly onRefused?: (error: unknown) => void;
}

/** Rejects with IdentityError `token_expired`, `token_invalid` or, when no keys are known, `unavailable`. */
export type VerifyToken = (token: string) => Promise<void>;

export interface ReceivedRequest {
  readonly method: string;
  readonly headers: HeaderBag;
}

/** Who calls; rejects as `readCaller` throws. Every adapter of a framework is this, and an answer to its refusals. */
export type Identify = (request: ReceivedRequest) => Promise<Caller>;

export function createIdentify({ verify, onRefused, ...options }: IdentityOptions): Identify {
  return async (request) => {
    try {
      const caller = readCaller(trustedHeaders(request), options);
      const token = provenanceOf(caller)?.token;
      if (verify !== undefined && token !== undefined) await verify(token);
      return caller;
    } catch (error) {
      onRefused?.(error);
      throw error;
    }
  };
}

/** Envoy checks no token on a CORS preflight, so whatever such a request claims was not verified. */
function trustedHeaders({ method, headers }: ReceivedRequest): HeaderBag {
  const preflight = method === 'OPTIONS' && headers['origin'] && headers['access-control-request-method'];
  return preflight ? { ...headers, authorization: undefined, 'x-jwt-payload': undefined } : headers;
}
