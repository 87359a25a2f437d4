import { GROUP, VERSION } from '@sekisho/policy';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { WorkloadFacts } from './workload.ts';

export interface AdmissionWebhookProps {
  /** The operator, whose first port is the webhook's. */
  readonly operator: WorkloadFacts;
  /** Base URL where the operator runs outside the cluster. @default by its Service */
  readonly url?: string | undefined;
}

const NAME = 'sekisho';
const SECRET = 'sekisho-webhook';
const ROLE = 'sekisho-operator-webhook';
const PATH = '/validate';
/** Judging takes a millisecond; the rest is for a new connection. */
const TIMEOUT_SECONDS = 3;

/** A label or a finalizer may change although nobody answers, and whatever the spec is. */
const SPEC_CHANGED = { name: 'spec-changed', expression: 'oldObject == null || object.spec != oldObject.spec' };

/** Fields of a TokenIssuer that can hold no key; any other, misspelt ones included, might. */
const KEYLESS = ['issuer', 'jwksUri', 'permissions', 'roles', 'requiredClaims', 'default']
  .map((field) => `'${field}'`)
  .join(', ');
const MAY_HOLD_KEYS = `object.spec.exists(field, !(field in [${KEYLESS}]))`;

/**
 * Has the API server ask the operator before it stores a policy or an issuer, and lets the operator keep its certificate.
 * Nobody answering lets a policy in, because the operator never compiles an invalid one; it does not let in an issuer
 * that may hold a private key, because what is stored once is no longer secret (docs/adr/0007).
 */
export class AdmissionWebhook extends Construct {
  /** What the operator needs to know of it. */
  readonly env: readonly k8s.EnvVar[];

  constructor(scope: Construct, id: string, { operator, url }: AdmissionWebhookProps) {
    super(scope, id);
    const { name, namespace, ports } = operator;
    const [port] = ports;
    const service = { name, namespace, path: PATH, ...(port !== undefined && { port: port.port }) };
    const clientConfig = url === undefined ? { service } : { url: url + PATH };
    new k8s.KubeValidatingWebhookConfiguration(this, 'configuration', {
      metadata: { name: NAME },
      webhooks: webhooks(clientConfig),
    });
    this.#addSecret(operator);
    this.#addTrust(operator);
    this.env = [
      { name: 'WEBHOOK_LISTEN', value: `0.0.0.0:${port?.targetPort}` },
      { name: 'WEBHOOK_SERVICE', value: `${namespace}/${name}` },
      { name: 'WEBHOOK_SECRET', value: `${namespace}/${SECRET}` },
      { name: 'WEBHOOK_CONFIGURATION', value: NAME },
    ];
  }

  /**
   * An empty Secret, which the operator may read and fill. It may create none: who can create a Secret can have a token of any
   * ServiceAccount of the namespace written into it.
   */
  #addSecret({ namespace, serviceAccount }: WorkloadFacts): void {
    const metadata = { name: ROLE, namespace };
    new k8s.KubeSecret(this, 'secret', { metadata: { name: SECRET, namespace }, type: 'Opaque' });
    new k8s.KubeRole(this, 'role', {
      metadata,
      rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: [SECRET], verbs: ['get', 'update'] }],
    });
    new k8s.KubeRoleBinding(this, 'role-binding', {
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: ROLE },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    });
  }

  /** The right to put the authority of its certificates into this one configuration. */
  #addTrust({ namespace, serviceAccount }: WorkloadFacts): void {
    const apiGroups = ['admissionregistration.k8s.io'];
    const resources = ['validatingwebhookconfigurations'];
    new k8s.KubeClusterRole(this, 'cluster-role', {
      metadata: { name: ROLE },
      rules: [{ apiGroups, resources, resourceNames: [NAME], verbs: ['get', 'patch'] }],
    });
    new k8s.KubeClusterRoleBinding(this, 'cluster-role-binding', {
      metadata: { name: ROLE },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: ROLE },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    });
  }
}

const RBAC = 'rbac.authorization.k8s.io';

/** Their names are for good: the operator owns `caBundle` under each, so a renamed one would leave a torso behind. */
function webhooks(clientConfig: k8s.WebhookClientConfig): k8s.ValidatingWebhook[] {
  const webhook = (name: string, resource: string, options: Pick<k8s.ValidatingWebhook, 'failurePolicy'>) => ({
    name: `${name}.admission.${GROUP}`,
    clientConfig,
    rules: [{ apiGroups: [GROUP], apiVersions: [VERSION], resources: [resource], operations: ['CREATE', 'UPDATE'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: TIMEOUT_SECONDS,
    matchConditions: [SPEC_CHANGED],
    ...options,
  });
  const issuers = (expression: string) => ({ matchConditions: [SPEC_CHANGED, { name: 'keys', expression }] });
  return [
    webhook('policies', 'serviceauthpolicies', { failurePolicy: 'Ignore' }),
    { ...webhook('issuers', 'tokenissuers', { failurePolicy: 'Ignore' }), ...issuers(`!${MAY_HOLD_KEYS}`) },
    { ...webhook('issuer-keys', 'tokenissuers', { failurePolicy: 'Fail' }), ...issuers(MAY_HOLD_KEYS) },
  ];
}
