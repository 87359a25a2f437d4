import type { KubeObject } from '@sekisho/kube';
import { type Condition, readIssuerStatus, readPolicyStatus } from '@sekisho/policy';
import { doubtful, type Finding, lacking, ok } from './finding.ts';

/** What a condition that is False means for who relies on the policy. */
const GRAVE = ['Accepted', 'Programmed'];

export function issuerFindings(issuers: readonly KubeObject[]): readonly Finding[] {
  if (issuers.length === 0) {
    return [
      lacking(
        'token issuers',
        'none',
        'Apply a TokenIssuer, or install the chart, which brings the one of the platform.',
      ),
    ];
  }
  const defaults = issuers.filter(({ spec }) => Reflect.get(Object(spec), 'default') === true);
  return [
    ...issuers.map(issuerFinding),
    ...(defaults.length === 1
      ? []
      : [
          doubtful(
            'token issuers',
            `${defaults.length} are marked default`,
            'Mark one: policies that name no issuer use it.',
          ),
        ]),
  ];
}

function issuerFinding({ metadata: { name }, spec, status }: KubeObject): Finding {
  const about = `token issuer ${name}`;
  const ready = readIssuerStatus(status).conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') {
    const found = ready?.message ?? 'the operator has not looked at it';
    return lacking(about, found, `See \`kubectl describe tokenissuer ${name}\`.`);
  }
  if (Reflect.get(Object(spec), 'requiredClaims') !== undefined) return ok(about, 'ready');
  const next = 'Name in requiredClaims what its access tokens have alone; of the platform an upgrade does so.';
  return doubtful(about, 'id tokens of it count as access tokens', next);
}

/** @param platform namespace of operator, auth service and guard, which brings a policy itself: the guard enforces it, and no sidecar */
export function policyFindings(policies: readonly KubeObject[], platform: string): readonly Finding[] {
  const wrong = policies.flatMap((policy) => unwell(policy, platform));
  if (!policies.some((policy) => isOfService(policy, platform))) {
    wrong.unshift(
      doubtful('policies', 'none for a service', 'Apply the first one: services without a policy are open.'),
    );
  }
  return wrong.length > 0 ? wrong : [ok('policies', `${policies.length}, nothing is wrong with any`)];
}

/** Neither of a Gateway nor of the platform's own. */
export function isOfService({ metadata, spec }: KubeObject, platform: string): boolean {
  return metadata.namespace !== platform && Reflect.get(Object(spec), 'targetRefs') === undefined;
}

function unwell({ metadata, status }: KubeObject, platform: string): readonly Finding[] {
  const { namespace, name } = metadata;
  const about = `policy ${namespace}/${name}`;
  const next = `See \`kubectl -n ${namespace} describe serviceauthpolicy ${name}\`.`;
  const { conditions = [] } = readPolicyStatus(status);
  if (conditions.length === 0) return [lacking(about, 'the operator has not looked at it', next)];
  const isMeant = ({ reason }: Condition) => namespace === platform && reason === 'WithoutProxy';
  const bad = conditions.filter((condition) => isBad(condition) && !isMeant(condition));
  return bad.map((condition) => {
    const found = `${condition.type} is ${condition.status}: ${condition.message}`;
    return GRAVE.includes(condition.type) ? lacking(about, found, next) : doubtful(about, found, next);
  });
}

/** `Warning` is the one that is bad when it is True. */
function isBad({ type, status }: Condition): boolean {
  return type === 'Warning' ? status === 'True' : status !== 'True';
}

/** Whether any policy has requests judged by the guard. */
export function needsGuard(policies: readonly KubeObject[]): boolean {
  return policies.some(({ spec }) => {
    const { targetRefs, revocation }: { targetRefs?: unknown; revocation?: unknown } = Object(spec);
    return Reflect.get(Object(revocation), 'check') === (targetRefs === undefined ? 'EveryHop' : 'Edge');
  });
}

/** Whether proxies are put beside the workloads that policies are for. */
export function injectionFinding(name: string, namespace: KubeObject | undefined): Finding {
  const about = `namespace ${name}`;
  const labels = namespace?.metadata.labels ?? {};
  if (labels['istio.io/dataplane-mode'] === 'ambient') {
    return lacking(
      about,
      'is in ambient mode',
      'Policies need sidecars: take the label away and set istio-injection=enabled.',
    );
  }
  const injects = labels['istio-injection'] === 'enabled' || (labels['istio.io/rev'] ?? '') !== '';
  if (injects && labels['istio-injection'] !== 'disabled') return ok(about, 'gives its pods a proxy');
  const next = `Unless its pods ask for it themselves: \`kubectl label namespace ${name} istio-injection=enabled\`, and restart them.`;
  return doubtful(about, 'gives its pods no proxy', next);
}
