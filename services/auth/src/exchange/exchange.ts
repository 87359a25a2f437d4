import { intersect, type Minted, type Minter, TokenError } from '@sekisho/tokens';
import { AUDIENCE } from '../accounts/account.ts';
import { clientNetwork } from '../login/client-network.ts';
import { ExchangeError } from './errors.ts';
import { carried, findSubject, presentGrant, type Subject, type SubjectDependencies } from './subject.ts';
import type { WorkLimit } from './work-limit.ts';
import { type DelegatedGrant, type Workload, type WorkloadDirectory, workloadName } from './workload.ts';
import type { ProveWorkload } from './workload-proof.ts';

export interface ExchangeRequest {
  /** Address of whoever asks. */
  readonly ip: string;
  /** Name of the workload, as its token proves it. */
  readonly clientId: string;
  /** The workload's ServiceAccount token. */
  readonly workloadToken: string;
  /** An access token of the user to act for; without it the workload acts for itself. */
  readonly subjectToken?: string;
  /** Where the new token is for. */
  readonly service: string;
  /** Permissions to narrow it to. @default all that may be had */
  readonly permissions?: readonly string[];
}

export interface Exchanged extends Minted {
  readonly kind: 'service' | 'delegated';
}

export interface ExchangeLimits {
  /** Before anything is verified: whoever sends garbage. */
  readonly address: WorkLimit;
  /** After the proof: nobody uses up what is another's. */
  readonly workload: WorkLimit;
}

export interface ExchangeDependencies extends SubjectDependencies {
  readonly limits: ExchangeLimits;
  readonly proveWorkload: ProveWorkload;
  readonly workloads: WorkloadDirectory;
  readonly minter: Pick<Minter, 'service' | 'delegated'>;
}

/**
 * Token exchange (RFC 8693): a workload gets a token for one service, for itself or for the user who called it. It rests
 * on three things at once, and holds no more than any of them: who the workload is, what it was granted, and for a
 * user's token what that user may do now.
 * Rejects with ExchangeError, AuthError `unavailable`, SessionError `redis_unavailable`.
 */
export type Exchange = (request: ExchangeRequest) => Promise<Exchanged>;

export function createExchange(dependencies: ExchangeDependencies): Exchange {
  const { limits } = dependencies;
  return async (request) => {
    assertAllowed(limits.address(clientNetwork(request.ip)));
    const workload = await registered(dependencies, request);
    try {
      return request.subjectToken === undefined
        ? await forItself(dependencies, request, workload)
        : await forUser(dependencies, { ...request, subjectToken: request.subjectToken }, workload);
    } catch (error) {
      throw toExchangeError(error);
    }
  };
}

async function registered(
  { proveWorkload, workloads, limits }: ExchangeDependencies,
  { clientId, workloadToken, service }: ExchangeRequest,
): Promise<Workload> {
  const id = await proveWorkload(workloadToken);
  if (workloadName(id) !== clientId) {
    throw new ExchangeError('invalid_request', 'client_id must be the workload that the token proves');
  }
  assertAllowed(limits.workload(clientId));
  const workload = await workloads.find(id);
  if (workload === undefined) throw notGranted(clientId, service);
  return workload;
}

/** @throws ExchangeError `rate_limited` */
function assertAllowed(wait: number): void {
  if (wait === 0) return;
  throw new ExchangeError('rate_limited', 'too many tokens were asked for', { retryAfter: wait });
}

async function forItself(
  { minter }: ExchangeDependencies,
  { service, permissions }: ExchangeRequest,
  workload: Workload,
): Promise<Exchanged> {
  const own = grantAt(workload, service)?.own;
  const name = workloadName(workload);
  if (own === undefined) throw notGranted(name, service);
  const grant = { permissions: narrowed(own, permissions) };
  return { kind: 'service', ...(await minter.service({ workload: name, service, grant })) };
}

async function forUser(
  dependencies: ExchangeDependencies,
  request: ExchangeRequest & { readonly subjectToken: string },
  workload: Workload,
): Promise<Exchanged> {
  const { service } = request;
  const allowed = grantAt(workload, service)?.delegated;
  if (allowed === undefined) throw notGranted(workloadName(workload), service);
  const subject = await findSubject(dependencies, request.subjectToken, workload.service);
  return { kind: 'delegated', ...(await delegate(dependencies, { request, workload, allowed, subject })) };
}

interface Act {
  readonly request: ExchangeRequest;
  readonly workload: Workload;
  readonly allowed: DelegatedGrant;
  readonly subject: Subject;
}

async function delegate(
  { minter, clock }: ExchangeDependencies,
  { request: { service, permissions: asked }, workload, allowed, subject }: Act,
): Promise<Minted> {
  const present = presentGrant(subject, service, clock());
  if (present === undefined) {
    throw new ExchangeError('invalid_target', `the service ${service} is not granted to this user`);
  }
  const permissions = narrowed(intersect(present.permissions, allowed.permissions), asked);
  return minter.delegated(carried(subject, narrowedGrant(allowed, asked)), {
    actor: workloadName(workload),
    service,
    grant: { permissions, ...(present.expires !== undefined && { expires: present.expires }) },
    notAfter: Math.floor(subject.session.expiresAt / 1000),
  });
}

function narrowedGrant({ permissions, roles }: DelegatedGrant, asked: readonly string[] | undefined): DelegatedGrant {
  // Who names permissions wants no more than these: a role would bring others.
  return asked === undefined ? { permissions, roles } : { permissions: intersect(permissions, asked), roles: [] };
}

/** This service's own API is for people: nothing that a workload was granted opens it. */
function grantAt({ grants }: Workload, service: string) {
  return service === AUDIENCE ? undefined : grants.find((grant) => grant.service === service);
}

/** @throws ExchangeError `invalid_scope` when none of what was asked for may be had */
function narrowed(permissions: readonly string[], asked: readonly string[] | undefined): string[] {
  const narrow = asked === undefined ? [...permissions] : intersect(permissions, asked);
  if (asked === undefined || narrow.length > 0) return narrow;
  throw new ExchangeError('invalid_scope', 'none of these permissions may be had at this service');
}

function notGranted(workload: string, service: string): ExchangeError {
  return new ExchangeError('invalid_target', `${workload} may not get such a token for the service ${service}`);
}

const REFUSALS: Readonly<Partial<Record<TokenError['code'], string>>> = {
  token_expired: 'the subject_token is expired',
  audience_mismatch: 'the grant of this user at the service is over',
  chain_too_long: 'the subject_token has passed through too many services already',
  claims_too_large: 'the token would be too long: name permissions by scope',
};

function toExchangeError(error: unknown): unknown {
  const message = error instanceof TokenError ? REFUSALS[error.code] : undefined;
  return message === undefined ? error : new ExchangeError('invalid_request', message, { cause: error });
}
