import type { KubeClient } from '@sekisho/kube';
import { sumOf } from '@sekisho/test-e2e/mesh';

/** What an API server did since it started, by its own account. */
export interface ApiLoad {
  readonly cpuSeconds: number;
  /** Reads and writes of policies, issuers and Istio's objects, by anybody; watches and lists do not count. */
  readonly requests: number;
  /** Of the same, those by which the bench itself makes policies. */
  readonly creations: number;
  readonly events: number;
}

const KINDS = [
  'serviceauthpolicies',
  'tokenissuers',
  'authorizationpolicies',
  'requestauthentications',
  'peerauthentications',
];
const VERBS = ['GET', 'APPLY', 'PATCH', 'PUT', 'POST', 'DELETE'];

export async function apiLoad(client: KubeClient): Promise<ApiLoad> {
  const text = await client.raw('/metrics');
  const count = (resource: string, verb: string) =>
    sumOf(text, 'apiserver_request_total', [`resource="${resource}"`, `verb="${verb}"`]);
  return {
    cpuSeconds: sumOf(text, 'process_cpu_seconds_total'),
    requests: KINDS.reduce((sum, kind) => sum + VERBS.reduce((all, verb) => all + count(kind, verb), 0), 0),
    creations: count('serviceauthpolicies', 'POST'),
    events: VERBS.reduce((sum, verb) => sum + count('events', verb), 0),
  };
}
