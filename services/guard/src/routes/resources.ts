import type { Resource } from '@sekisho/kube';
import { GATEWAY, GROUP, ISSUER_KIND, POLICY_KIND, VERSION } from '@sekisho/policy';

const namespaced = (group: string, version: string, [kind, plural]: readonly [string, string]): Resource => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
});

/** Everything that a decision about a route is made from. */
export const RESOURCES = {
  gateways: namespaced(GATEWAY.group, 'v1', ['Gateway', 'gateways']),
  routes: namespaced(GATEWAY.group, 'v1', ['HTTPRoute', 'httproutes']),
  grants: namespaced(GATEWAY.group, 'v1beta1', ['ReferenceGrant', 'referencegrants']),
  services: namespaced('', 'v1', ['Service', 'services']),
  namespaces: { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
  policies: namespaced(GROUP, VERSION, [POLICY_KIND, 'serviceauthpolicies']),
  issuers: { group: GROUP, version: VERSION, plural: 'tokenissuers', kind: ISSUER_KIND, namespaced: false },
  keys: namespaced('security.istio.io', 'v1', ['RequestAuthentication', 'requestauthentications']),
} as const satisfies Record<string, Resource>;

export type ResourceName = keyof typeof RESOURCES;
