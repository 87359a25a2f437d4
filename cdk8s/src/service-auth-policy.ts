import {
  API_VERSION,
  describeProblems,
  POLICY_KIND,
  parseServiceAuthPolicy,
  type ServiceAuthPolicySpec,
} from '@sekisho/policy';
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ManifestError } from './errors.ts';

export interface ServiceAuthPolicyProps {
  readonly name: string;
  readonly namespace: string;
  readonly spec: ServiceAuthPolicySpec;
}

/** Who may call a service. Checked here by the parser that the operator uses, so a mistake shows before it is applied. */
export class ServiceAuthPolicy extends Construct {
  /** @throws ManifestError `policy_invalid`, naming each field and a way out */
  constructor(scope: Construct, id: string, { name, namespace, spec }: ServiceAuthPolicyProps) {
    super(scope, id);
    const object = { apiVersion: API_VERSION, kind: POLICY_KIND, metadata: { name, namespace }, spec };
    const parsed = parseServiceAuthPolicy(object);
    if (!parsed.ok) throw new ManifestError('policy_invalid', describeProblems(parsed.problems));
    new ApiObject(this, 'policy', object);
  }
}
