import type { Resource } from '@sekisho/kube';
import { GROUP, ISSUER_KIND, POLICY_KIND, VERSION } from '@sekisho/policy';

/** Where the API server keeps what is looked at. */
const kind = (
  group: string,
  version: string,
  name: { kind: string; plural: string },
  namespaced = false,
): Resource => ({
  group,
  version,
  ...name,
  namespaced,
});

export const DEFINITIONS = kind('apiextensions.k8s.io', 'v1', {
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
});
export const CONFIG_MAPS = kind('', 'v1', { kind: 'ConfigMap', plural: 'configmaps' }, true);
export const NAMESPACES = kind('', 'v1', { kind: 'Namespace', plural: 'namespaces' });
export const DEPLOYMENTS = kind('apps', 'v1', { kind: 'Deployment', plural: 'deployments' }, true);
export const WEBHOOKS = kind('admissionregistration.k8s.io', 'v1', {
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
});
export const ADMISSION_BINDINGS = kind('admissionregistration.k8s.io', 'v1', {
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
});
export const POLICIES = kind(GROUP, VERSION, { kind: POLICY_KIND, plural: 'serviceauthpolicies' }, true);
export const ISSUERS = kind(GROUP, VERSION, { kind: ISSUER_KIND, plural: 'tokenissuers' });
