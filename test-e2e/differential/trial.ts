import type { Manifest } from '@sekisho/cdk8s';
import {
  API_VERSION,
  type DecisionPolicy,
  describeProblems,
  POLICY_KIND,
  parseServiceAuthPolicy,
  prepareDecision,
} from '@sekisho/policy';
import { decided } from '../story/decided.ts';
import type { TriedPolicy, TriedRequest } from './case.ts';
import { answered, expected, TRUST_DOMAIN, type TrialRules, wireRequest } from './expectation.ts';
import { inForce } from './in-force.ts';
import { type Laboratory, POLICY_NAME } from './laboratory.ts';
import { makeToken } from './tokens.ts';
import { send, type WireAnswer, type WireRequest, type WireTarget } from './wire.ts';
import { LABELS, NAMESPACE } from './workload.ts';

/** A request on which the decision function and the mesh disagree. */
export interface Difference {
  readonly request: TriedRequest;
  readonly decided: string;
  readonly mesh: string;
}

/** Requests at a time: Envoy has one worker here. */
const CONCURRENCY = 8;

/**
 * Puts a policy into force on the laboratory's workload and sends requests, each on a connection of its own.
 * @returns where the mesh answers otherwise than the decision function says
 */
export async function tryPolicy(
  laboratory: Laboratory,
  tried: TriedPolicy,
  requests: readonly TriedRequest[],
): Promise<readonly Difference[]> {
  const policy = await putInForce(laboratory, tried);
  const seeming = await differences(laboratory, policy, requests);
  if (seeming.length === 0) return [];
  // Only now is it worth the seconds to be certain that the answers were given under this policy.
  await laboratory.enforced();
  return differences(
    laboratory,
    policy,
    seeming.map(({ request }) => request),
  );
}

interface InForcePolicy {
  readonly service: string;
  readonly issuers: TriedPolicy['issuers'];
  readonly rules: TrialRules;
}

async function putInForce(
  laboratory: Laboratory,
  { rules, issuers, mtls, check }: TriedPolicy,
): Promise<InForcePolicy> {
  laboratory.trials += 1;
  const service = `trial-${laboratory.trials}`;
  const mark = { path: `/in-force/${service}`, service };
  const marker = { name: 'in-force', to: [{ paths: [mark.path] }], allow: { public: true } };
  const spec = { issuers, mtls, revocation: { check }, rules: [...rules, marker] };
  const manifest = manifestOf(service, spec);
  await laboratory.cluster.apply([manifest]);
  const before = laboratory.mark;
  laboratory.mark = mark;
  await inForce(laboratory.workload, laboratory.identity('differential/front'), { mark, before, mtls });
  const decision = decisionOf(manifest, laboratory);
  if (check === 'Edge') return { service, issuers, rules: { decision } };
  const open = spec.rules.filter(isTokenless).map((rule) => ({ ...rule, allow: { public: true } }));
  const openings = manifestOf(service, { ...spec, mtls: 'Permissive', rules: open });
  return { service, issuers, rules: { decision, openings: decisionOf(openings, laboratory) } };
}

function manifestOf(service: string, spec: object): Manifest {
  return {
    apiVersion: API_VERSION,
    kind: POLICY_KIND,
    metadata: { name: POLICY_NAME, namespace: NAMESPACE },
    spec: { selector: { matchLabels: LABELS }, service, ...spec },
  };
}

/** Whether a rule can be met by a request without a token. */
function isTokenless({ allow }: { readonly allow: object }): boolean {
  return Object.keys(allow).every((key) => key === 'public' || key === 'callers');
}

function decisionOf(manifest: unknown, { issuerStates }: Laboratory): DecisionPolicy {
  const parsed = parseServiceAuthPolicy(manifest);
  if (!parsed.ok) throw new Error(describeProblems(parsed.problems));
  const prepared = prepareDecision(parsed.value, issuerStates, TRUST_DOMAIN);
  if (!prepared.ok) throw new Error(prepared.refusal.message);
  return prepared.policy;
}

async function differences(
  laboratory: Laboratory,
  policy: InForcePolicy,
  requests: readonly TriedRequest[],
): Promise<readonly Difference[]> {
  const waiting = [...requests];
  const found: Difference[] = [];
  const worker = async (): Promise<void> => {
    for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
      const { decided, mesh } = await compare(laboratory, policy, request);
      if (decided !== mesh) found.push({ request, decided, mesh });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return found;
}

async function compare(
  { issuers, workload, identity, answers }: Laboratory,
  { service, issuers: named, rules }: InForcePolicy,
  request: TriedRequest,
): Promise<Omit<Difference, 'request'>> {
  const now = Math.floor(Date.now() / 1000);
  const token = request.token && makeToken(request.token, { issuers, service, named, now });
  const target = {
    host: workload.address,
    port: request.port,
    identity: request.caller === undefined ? undefined : identity(request.caller),
  };
  const mesh = answered(rules, request.method, await ask(wireRequest(request, token), target));
  const short = mesh.slice(0, 3);
  answers.set(short, (answers.get(short) ?? 0) + 1);
  return { decided: expected(rules, request, token), mesh };
}

/** The guard's answer or the mesh's own, once there is one. */
function ask(request: WireRequest, target: WireTarget): Promise<WireAnswer> {
  return decided(
    () => send(request, target),
    (answer) => answer !== 'cut' && answer.status === 503,
  );
}
