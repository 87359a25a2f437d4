import { type Decision, type DecisionPolicy, decide, type PresentedToken } from '@sekisho/policy';
import type { Ask, Credential, Presented, Service } from './ask.ts';

export interface Bounds {
  /** Milliseconds after the answer that something is revoked, in which a token may still pass. */
  readonly revocationMs: number;
  /** Seconds after its end. */
  readonly skewSeconds: number;
}

/** What a proxy of the guarded gateway is called. */
export const GATEWAY = { trustDomain: 'cluster.local', namespace: 'istio-edge', serviceAccount: 'edge-istio' } as const;
/** Of every workload that is asked. */
const PORT = 8080;

/** Whether a request that is sent at a moment (milliseconds since the epoch) may be let through, whatever fails meanwhile. */
export type MayPass = (ask: Ask, sentAt: number) => boolean;

export function createOracle(policies: Readonly<Record<Service, DecisionPolicy>>, bounds: Bounds): MayPass {
  return ({ service, method, path, presented }, sentAt) => {
    const decided = (token: PresentedToken | undefined): Decision =>
      decide(policies[service], { method, path, port: PORT }, { caller: GATEWAY, ...(token && { token }) });
    const decision = decided(tokenOf(presented, sentAt, bounds));
    if (decision.allowed) return true;
    // Who is logged in for other services is nobody here: what is open to everybody is open to them, too.
    return decision.code === 'audience_mismatch' && decided(undefined).allowed;
  };
}

function tokenOf(presented: Presented, sentAt: number, bounds: Bounds): PresentedToken | undefined {
  switch (presented.kind) {
    case 'none':
      return undefined;
    case 'forged':
      return { state: 'refused', code: 'token_invalid' };
    case 'issued':
      return issuedToken(presented.credential, sentAt, bounds);
  }
}

/** A request is decided after it was sent, so that no pause of any process makes this wrong. */
function issuedToken({ claims, revokedAt }: Credential, sentAt: number, bounds: Bounds): PresentedToken {
  if (revokedAt !== undefined && sentAt > revokedAt + bounds.revocationMs) {
    return { state: 'refused', code: 'token_revoked' };
  }
  if (sentAt > (claims.exp + bounds.skewSeconds) * 1000) return { state: 'refused', code: 'token_expired' };
  return { state: 'verified', claims };
}
