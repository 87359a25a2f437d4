import { isRecord, type KubeObject, type Resource } from '@sekisho/kube';
import { GROUP, ISSUER_KIND, type IstioKind, type IstioObject, POLICY_KIND, VERSION } from '@sekisho/policy';

export const POLICIES: Resource = {
  group: GROUP,
  version: VERSION,
  plural: 'serviceauthpolicies',
  kind: POLICY_KIND,
  namespaced: true,
};

export const ISSUERS: Resource = {
  group: GROUP,
  version: VERSION,
  plural: 'tokenissuers',
  kind: ISSUER_KIND,
  namespaced: false,
};

const istio = (kind: IstioKind, plural: string): Resource => ({
  group: 'security.istio.io',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});

/** Every kind that the compiler writes. */
export const GENERATED: Readonly<Record<IstioKind, Resource>> = {
  RequestAuthentication: istio('RequestAuthentication', 'requestauthentications'),
  AuthorizationPolicy: istio('AuthorizationPolicy', 'authorizationpolicies'),
  PeerAuthentication: istio('PeerAuthentication', 'peerauthentications'),
};

const core = (kind: string, plural: string): Resource => ({ group: '', version: 'v1', plural, kind, namespaced: true });

/** What is only looked at, to say how a policy stands in its cluster. */
export const PODS = core('Pod', 'pods');
export const SERVICES = core('Service', 'services');
export const CONFIG_MAPS = core('ConfigMap', 'configmaps');
export const WORKLOAD_ENTRIES: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'workloadentries',
  kind: 'WorkloadEntry',
  namespaced: true,
};

/** An object of a generated kind as the compiler reads it; undefined for any other. */
export function toIstioObject({ apiVersion, kind, metadata, spec }: KubeObject): IstioObject | undefined {
  if (!isIstioKind(kind)) return undefined;
  return { apiVersion, kind, metadata, spec: isRecord(spec) ? spec : {} };
}

function isIstioKind(kind: string): kind is IstioKind {
  return Object.hasOwn(GENERATED, kind);
}
