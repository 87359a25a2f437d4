import type { Finding } from '../plan/conditions.ts';
import type { IstioObject } from '../resources.ts';
import { LABEL } from '../vocabulary.ts';
import type { EnforcedReason } from './reason.ts';
import type { ReplicaProblem, Sight, WorkloadProxy } from './sight.ts';

const MAX_NAMED = 5;
const MAX_ERROR = 200;

type EnforcedFinding = Finding & { readonly type: 'Enforced' };

const finding = (status: Finding['status'], reason: EnforcedReason, message: string): EnforcedFinding => ({
  type: 'Enforced',
  status,
  reason,
  message,
});

export const notAccepted = finding('False', 'NotAccepted', 'only an accepted policy reaches proxies');
export const notObserved = finding('Unknown', 'NotObserved', 'this operator does not ask istiod for proxies');
/** One text for everything that is normal right after a change, so that its course is written once. */
export const pending = finding('False', 'Pending', 'not every proxy was seen with the generated objects yet');
export const enforced = finding('True', 'Enforced', 'every proxy acknowledged the generated objects');

/** What keeps a claim from being made at all, whatever istiod says; undefined when proxies are what it depends on. */
export function unclaimable(workloads: readonly WorkloadProxy[] | undefined): EnforcedFinding | undefined {
  if (workloads === undefined) {
    return finding('Unknown', 'WorkloadsUnknown', 'which workloads are selected is not known yet');
  }
  if (workloads.length === 0) {
    return finding('Unknown', 'NoWorkloads', 'no workload is selected, so nothing enforces the policy');
  }
  const bare = workloads.filter(({ state }) => state === 'bare').map(({ id }) => id);
  if (bare.length > 0) {
    return finding('Unknown', 'WithoutProxy', `nothing enforces the policy at ${listed(bare)}, which has no sidecar`);
  }
  if (workloads.some(({ state }) => state === 'proxied')) return undefined;
  return finding('Unknown', 'NoWorkloads', 'no selected workload runs yet');
}

/** Ids of the proxies that must be seen. */
export function expectedProxies(workloads: readonly WorkloadProxy[]): readonly string[] {
  return workloads.filter(({ state }) => state === 'proxied').map(({ id }) => id);
}

/** Judges what was seen; the worst first, for it is what a person must act on. */
export function judgeSight(expected: readonly string[], sight: Sight): EnforcedFinding {
  const seen = [...expected].sort().map((id) => ({ id, sight: sight.proxies.get(id) }));
  const rejecting = seen.flatMap(({ id, sight: proxy }) => (proxy?.state === 'rejecting' ? [{ id, ...proxy }] : []));
  if (rejecting.length > 0) return rejected(rejecting);
  const behind = seen.filter(({ sight: proxy }) => proxy?.state === 'behind').map(({ id }) => id);
  if (behind.length > 0) {
    return finding(
      'False',
      'ProxiesBehind',
      `not acknowledged by ${listed(behind)}, which may still serve the old policy`,
    );
  }
  const uninformed = seen.flatMap(({ sight: proxy }) => (proxy?.state === 'uninformed' ? [proxy.replica] : []));
  if (uninformed.length > 0) return istiodBehind(uninformed);
  const missing = seen.filter(({ sight: proxy }) => proxy?.state === 'missing').map(({ id }) => id);
  if (missing.length > 0) return notSeen(missing, sight);
  return seen.every(({ sight: proxy }) => proxy?.state === 'current') ? enforced : pending;
}

function rejected(proxies: readonly { readonly id: string; readonly error: string }[]): EnforcedFinding {
  const names = listed(proxies.map(({ id }) => id));
  const message = `refused by ${names}, which goes on with older listeners; Envoy says: ${plain(proxies[0]?.error ?? '')}`;
  return finding('False', 'ProxiesRejecting', message);
}

function istiodBehind(replicas: readonly string[]): EnforcedFinding {
  const names = listed([...new Set(replicas)]);
  return finding('False', 'IstiodBehind', `${names} does not hold the generated objects as they were written`);
}

/** Where objects of others carry the label by which the generated ones are found in istiod: what it holds is never just these then. */
export function notAlone(others: readonly IstioObject[]): EnforcedFinding {
  const names = listed(others.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const message = `${names} carries the label ${LABEL.policy} of generated objects and is none, so that istiod cannot be seen to hold just these: remove the label, or delete the object`;
  return finding('Unknown', 'ForeignObject', message);
}

const PROBLEM: Readonly<Record<ReplicaProblem, { readonly reason: EnforcedReason; readonly text: string }>> = {
  not_found: { reason: 'IstiodNotFound', text: 'no replica of istiod was found' },
  unreachable: { reason: 'IstiodUnreachable', text: 'does not answer on its monitoring port' },
  forbidden: {
    reason: 'IstiodForbidden',
    text: 'refuses to answer; name the namespace of the operator in its DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES',
  },
  unreadable: { reason: 'IstiodUnreadable', text: 'answers what this version does not understand, or too much' },
};

function notSeen(missing: readonly string[], { unasked }: Sight): EnforcedFinding {
  const [first] = unasked;
  if (first === undefined) {
    return finding(
      'False',
      'ProxiesNotConnected',
      `${listed(missing)} is connected to no istiod, so its policy is old or unknown`,
    );
  }
  const { reason, text } = PROBLEM[first.problem];
  const who =
    first.problem === 'not_found'
      ? ''
      : `${listed(unasked.filter(({ problem }) => problem === first.problem).map(({ replica }) => replica))} `;
  return finding('Unknown', reason, `${who}${text}, and nobody else knows ${listed(missing)}`);
}

function listed(names: readonly string[]): string {
  const sorted = [...names].sort();
  const more = sorted.length > MAX_NAMED ? ` and ${sorted.length - MAX_NAMED} more` : '';
  return `${sorted.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/** Envoy quotes its configuration; a line of it is enough. */
function plain(error: string): string {
  const line = error.replace(/\p{Cc}+/gu, ' ').trim();
  return line.length <= MAX_ERROR ? line : `${line.slice(0, MAX_ERROR)}...`;
}
