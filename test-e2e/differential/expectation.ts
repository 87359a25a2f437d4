import {
  type Decision,
  type DecisionPolicy,
  decide,
  isCorsPreflight,
  meshPath,
  type RequestIdentity,
} from '@sekisho/policy';
import type { CorsHeaders, TriedRequest } from './case.ts';
import { refusedAtHop } from './hop.ts';
import type { MadeToken } from './tokens.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

export const TRUST_DOMAIN = 'cluster.local';

const CORS_HEADERS: Readonly<Record<CorsHeaders, WireRequest['headers']>> = {
  preflight: headers(['Origin', 'https://a.test'], ['Access-Control-Request-Method', 'GET']),
  'two origins': headers(['Origin', ''], ['Origin', 'null'], ['access-control-request-method', 'GET']),
  'no origin': headers(['Access-Control-Request-Method', 'GET']),
  'no method': headers(['Origin', 'https://a.test']),
  'empty origin': headers(['Origin', ''], ['Access-Control-Request-Method', 'GET']),
  'empty method': headers(['Origin', 'https://a.test'], ['Access-Control-Request-Method', '']),
};

function headers(...list: readonly (readonly [string, string])[]): WireRequest['headers'] {
  return list;
}

/** The request as it goes out. */
export function wireRequest({ method, target, cors }: TriedRequest, token: MadeToken | undefined): WireRequest {
  const authorization = (token?.authorization ?? []).map((value) => ['Authorization', value] as const);
  return { method, target, headers: [...authorization, ...(cors === undefined ? [] : CORS_HEADERS[cors])] };
}

/** A policy, ready to decide by. */
export interface TrialRules {
  readonly decision: DecisionPolicy;
  /** What it opens to callers without a token; there where the guard is asked in front of the workload. */
  readonly openings?: DecisionPolicy;
}

/** What the decision function says of it, in the words of `answered`. */
export function expected(rules: TrialRules, tried: TriedRequest, token: MadeToken | undefined): string {
  const { decision: policy, openings } = rules;
  const identity = identityOf(tried, token);
  if (policy.strict && identity.caller === undefined) return 'cut';
  const path = meshPath(tried.target);
  if (path === undefined) return '400';
  const { method, port } = tried;
  const request = { method, path, port, preflight: isPreflight(wireRequest(tried, token)) };
  const isOpen = openings === undefined || decide(openings, request, {}).allowed;
  if (openings !== undefined && refusedAtHop(token?.authorization ?? [], isOpen)) return '401';
  return inWords(rules, method, said(decide(policy, request, identity), path));
}

function identityOf({ caller }: TriedRequest, token: MadeToken | undefined): RequestIdentity {
  const [namespace, serviceAccount] = caller?.split('/') ?? [];
  const isKnown = namespace !== undefined && serviceAccount !== undefined;
  return {
    ...(isKnown && { caller: { trustDomain: TRUST_DOMAIN, namespace, serviceAccount } }),
    ...(token?.presented !== undefined && { token: token.presented }),
  };
}

function isPreflight({ method, headers }: WireRequest): boolean {
  const joined = (wanted: string): string =>
    headers.flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value] : [])).join(',');
  return isCorsPreflight(method, {
    origin: joined('origin'),
    accessControlRequestMethod: joined('access-control-request-method'),
  });
}

function said(decision: Decision, path: string): string {
  if (decision.allowed) return `200 ${path}`;
  const { code, rule } = decision;
  if (code === 'audience_mismatch') return '403 for another audience';
  const isOfTheToken = code.startsWith('token_') && code !== 'token_missing' && rule === undefined;
  if (!isOfTheToken) return '403 by the policy';
  return code === 'token_expired' ? '401 expired' : '401';
}

const BODIES: Readonly<Record<string, string>> = {
  '403 Audiences in Jwt are not allowed': '403 for another audience',
  '403 RBAC: access denied': '403 by the policy',
  '401 Jwt is expired': '401 expired',
};

/** What the mesh answered. */
export function answered(rules: TrialRules, method: string, answer: WireAnswer): string {
  if (answer === 'cut') return 'cut';
  const { status, body, seen } = answer;
  if (status === 200) return `200 ${seen?.replace(/\?.*$/s, '')}`;
  if (status === 400) return '400';
  return inWords(rules, method, BODIES[`${status} ${body}`] ?? (status === 401 ? '401' : `${status} ${body}`));
}

/** A refusal of HEAD has no body that says why; and why a token is none, the guard tells in other words than Envoy. */
function inWords({ openings }: TrialRules, method: string, answer: string): string {
  const isShort =
    (method === 'HEAD' && /^40[13] /.test(answer)) || (openings !== undefined && answer.startsWith('401'));
  return isShort ? answer.slice(0, 3) : answer;
}
