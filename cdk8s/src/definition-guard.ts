import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';

export interface DefinitionGuardProps {
  /** Cluster-wide: of the two objects that are made. */
  readonly name: string;
  /** Names of CustomResourceDefinitions. */
  readonly definitions: readonly string[];
}

const apiVersion = 'admissionregistration.k8s.io/v1';
const ANNOTATION = 'auth.sekisho.dev/deletion';

/**
 * Has the API server refuse the deletion of definitions that nobody annotated for it. With a definition go all of its objects, and the
 * garbage collector takes what was generated from them: every workload would be open. The operator is too late to prevent that.
 */
export class DefinitionGuard extends Construct {
  constructor(scope: Construct, id: string, { name, definitions }: DefinitionGuardProps) {
    super(scope, id);
    const metadata = { name };
    const rule = {
      apiGroups: ['apiextensions.k8s.io'],
      apiVersions: ['*'],
      resources: ['customresourcedefinitions'],
      operations: ['DELETE'],
    };
    // Not by resourceNames: the deletion of a collection names none, and would pass.
    const matchConditions = [
      { name: 'guarded', expression: `oldObject.metadata.name in ${JSON.stringify(definitions)}` },
    ];
    const validation = {
      expression: `oldObject.metadata.?annotations[?'${ANNOTATION}'].orValue('') == 'allowed'`,
      message: `with this definition go all of its objects, and the mesh policies made from them: every workload would be open. If that is meant, annotate it first: ${ANNOTATION}=allowed`,
    };
    const matchConstraints = { resourceRules: [rule] };
    const spec = { failurePolicy: 'Fail', matchConstraints, matchConditions, validations: [validation] };
    new ApiObject(this, 'policy', { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec });
    new ApiObject(this, 'binding', {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: name, validationActions: ['Deny'] },
    });
  }
}
