import {
  decide,
  type IstioObject,
  type PublicJwk,
  parseServiceAuthPolicy,
  prepareDecision,
  type RawObject,
} from '@sekisho/policy';
import { meshAllows, payload, type TestRequest, type TestToken } from '@sekisho/policy/testing';
import { MESH } from './objects.ts';

export interface Workload {
  /** Every policy that was written for it: what none of them allows must not come through at any moment. */
  readonly policies: readonly RawObject[];
  readonly issuer: RawObject & { readonly spec: { readonly issuer: string } };
}

type State = readonly IstioObject[];

/** Requests that come through in one of the states although no policy ever allowed them; each with the state's number. */
export function moreOpen(states: readonly State[], workload: Workload): readonly string[] {
  return openings(states, workload, requestsFor(workload));
}

/** The same of requests without a token alone: what still holds while somebody takes the allow list away. */
export function openToAnyone(states: readonly State[], workload: Workload): readonly string[] {
  const anonymous = requestsFor(workload).filter(({ token }) => token === undefined);
  return openings(states, workload, anonymous);
}

function openings(states: readonly State[], workload: Workload, requests: readonly TestRequest[]): readonly string[] {
  const deciders = workload.policies.map((policy) => deciderFor(policy, workload.issuer));
  // Whoever shows a token that does not count could leave it out: what is open to anyone is open to them.
  const isAllowed = (request: TestRequest) =>
    deciders.some((allows) => allows(request) || allows({ ...request, token: undefined }));
  const refused = requests.filter((request) => !isAllowed(request));
  if (refused.length === 0) throw new Error('every request is allowed: nothing can be seen of openness');
  return states.flatMap((objects, at) =>
    refused
      .filter((request) => meshAllows(objects, MESH.trustDomain, request))
      .map((request) => `state ${at} of ${states.length}: ${describe(request)}`),
  );
}

function deciderFor(policy: RawObject, issuer: Workload['issuer']): (request: TestRequest) => boolean {
  const parsed = parseServiceAuthPolicy(policy);
  const prepared = parsed.ok && prepareDecision(parsed.value, [{ issuer, jwks: { keys: [KEY] } }], MESH.trustDomain);
  if (prepared === false || !prepared.ok) throw new Error('the policy is not a valid one');
  return (request) => {
    const { token } = request;
    if (token === undefined) return decide(prepared.policy, request, {}).allowed;
    const verifies = token.iss === issuer.spec.issuer && token.kid === KEY.kid;
    const claims = payload(token);
    return verifies && decide(prepared.policy, request, { token: { state: 'verified', claims } }).allowed;
  };
}

/** Only its name matters here: nothing is signed. */
const KEY: PublicJwk = { kty: 'EC', crv: 'P-256', kid: 'k1', use: 'sig', x: 'x'.repeat(43), y: 'y'.repeat(43) };
const PLACES = ['GET', 'POST', 'DELETE'].flatMap((method) =>
  ['/items', '/admin', '/healthz'].map((path) => ({ method, path, port: 8080 })),
);
const PERMISSIONS = [['bucket:read'], ['bucket:write'], []] as const;

function requestsFor({ issuer, policies }: Workload): readonly TestRequest[] {
  const [policy] = policies;
  const service: string = Object(policy?.spec).service ?? policy?.metadata.name ?? '';
  const [good, ...others] = PERMISSIONS.map(
    (permissions): TestToken => ({
      iss: issuer.spec.issuer,
      kid: KEY.kid,
      sub: 'alice',
      aud: [service],
      claims: { services: { [service]: { permissions } } },
      revoked: false,
    }),
  );
  if (good === undefined) throw new Error('no token');
  const strangers = [
    { ...good, kid: 'stranger' },
    { ...good, iss: 'https://stranger.example' },
    { ...good, aud: ['another'] },
  ];
  const tokens = [undefined, good, ...others, ...strangers];
  return PLACES.flatMap((place) => tokens.map((token) => ({ ...place, token })));
}

function describe({ method, path, token }: TestRequest): string {
  return `${method} ${path} ${token === undefined ? 'without a token' : `with ${JSON.stringify(token)}`}`;
}
