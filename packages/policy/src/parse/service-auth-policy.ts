import { type Parsed, type Problem, parsed } from '../problem.ts';
import type { ServiceAuthPolicy } from '../resources.ts';
import { checkOf } from '../revocation.ts';
import { PATTERN } from '../schema/dsl.ts';
import { type ServiceAuthPolicySpec, serviceAuthPolicySpecSchema } from '../schema/service-auth-policy.ts';
import { API_VERSION, POLICY_KIND } from '../vocabulary.ts';
import { openingProblems } from './openings.ts';
import { envelopeOf, type Resource } from './resource.ts';
import { ruleProblems } from './rule.ts';
import { readPolicyStatus } from './status.ts';
import { targetProblems } from './target.ts';
import { unsupportedProblems } from './unsupported.ts';

const readEnvelope = envelopeOf(POLICY_KIND, serviceAuthPolicySpecSchema);

/**
 * Parses a ServiceAuthPolicy from any source: API server, file, admission request. Applies every default.
 * A refusal names each field with the way out; nothing unknown and nothing unsupported is ever passed over.
 */
export function parseServiceAuthPolicy(raw: unknown): Parsed<ServiceAuthPolicy> {
  const envelope = readEnvelope(raw);
  if (!envelope.ok) return envelope;
  const { resource } = envelope;
  return parsed(withDefaults(resource), [
    ...serviceProblems(resource),
    ...targetProblems(resource.spec),
    ...issuerProblems(resource.spec),
    ...duplicateRuleNames(resource.spec),
    ...resource.spec.rules.flatMap(ruleProblems),
    ...openingProblems(resource.spec.rules),
    ...unsupportedProblems(resource.spec),
  ]);
}

function withDefaults({ metadata, spec, status }: Resource<ServiceAuthPolicySpec>): ServiceAuthPolicy {
  return {
    apiVersion: API_VERSION,
    kind: POLICY_KIND,
    metadata,
    spec: {
      ...spec,
      service: spec.service ?? metadata.name,
      mode: spec.mode ?? 'Enforce',
      revocation: {
        check: checkOf(spec),
        whenUnavailable: spec.revocation?.whenUnavailable ?? 'Deny',
      },
    },
    status: readPolicyStatus(status),
  };
}

function serviceProblems({ metadata, spec }: Resource<ServiceAuthPolicySpec>): readonly Problem[] {
  const fits = metadata.name.length <= 63 && new RegExp(PATTERN.dnsLabel.pattern).test(metadata.name);
  if (spec.service !== undefined || fits) return [];
  const message = `is needed, because metadata.name is not ${PATTERN.dnsLabel.means}`;
  return [{ path: 'spec.service', code: 'Missing', message, hint: 'set spec.service' }];
}

function issuerProblems({ issuers = [] }: ServiceAuthPolicySpec): readonly Problem[] {
  return issuers.flatMap((name, index): readonly Problem[] =>
    issuers.indexOf(name) === index
      ? []
      : [{ path: `spec.issuers[${index}]`, code: 'Duplicate', message: `names ${name} again`, hint: 'remove it' }],
  );
}

function duplicateRuleNames({ rules }: ServiceAuthPolicySpec): readonly Problem[] {
  const names = rules.map((rule) => rule.name);
  return names.flatMap((name, index): readonly Problem[] => {
    const first = names.indexOf(name);
    if (first === index) return [];
    const message = `is already the name of spec.rules[${first}]`;
    return [{ path: `spec.rules[${index}].name`, code: 'Duplicate', message, hint: 'give every rule its own name' }];
  });
}
