import type { EventFacts } from '@sekisho/kube';
import {
  API_VERSION,
  type Condition,
  type Plan,
  POLICY_KIND,
  type RawObject,
  readPolicyStatus,
  type ServiceAuthPolicyStatus,
} from '@sekisho/policy';

const MAX_NAMED = 5;

/** What a status that was just written tells anew to the people who own the policy. */
export function transitions(policy: RawObject, status: ServiceAuthPolicyStatus): readonly EventFacts[] {
  const before = readPolicyStatus(policy.status);
  const accepted = conditionOf(status, 'Accepted');
  const programmed = conditionOf(status, 'Programmed');
  const facts: EventFacts[] = [];
  const tell = (type: EventFacts['type'], reason: string, action: string, note: string) =>
    facts.push({ regarding: regarding(policy), type, reason, action, note });

  if (accepted && isNews(conditionOf(before, 'Accepted'), accepted)) {
    const consequence = programmed ? `; ${programmed.message}` : '';
    if (accepted.status === 'True') tell('Normal', 'Accepted', 'Validate', accepted.message);
    else tell('Warning', 'Refused', 'Validate', `${accepted.reason}: ${accepted.message}${consequence}`);
  }
  // What a refusal leaves in force is told with the refusal.
  if (programmed && accepted?.status === 'True' && isNews(conditionOf(before, 'Programmed'), programmed)) {
    if (programmed.status === 'True') tell('Normal', 'Programmed', 'Program', programmed.message);
    else tell('Warning', 'NotProgrammed', 'Program', `${programmed.reason}: ${programmed.message}`);
  }
  return facts;
}

/** Somebody changed or deleted generated objects, and they are as planned again. */
export function repaired(policy: RawObject, { apply, remove }: Plan): EventFacts {
  const restored = apply.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const removed = remove.map(({ kind, name }) => `${kind} ${name}`);
  const parts = [...told('put back', restored), ...told('removed', removed)];
  const note = `${parts.join('; ')}: generated objects belong to the policy, change that instead`;
  return { regarding: regarding(policy), type: 'Warning', reason: 'Repaired', action: 'Program', note };
}

/** Of a generated object that stays although its policy is gone. */
export function orphaned({
  apiVersion,
  kind,
  metadata,
}: RawObject & { readonly apiVersion: string; readonly kind: string }): EventFacts {
  const note =
    'its policy went with the CustomResourceDefinition, and was not deleted by itself: what was generated stays in force until a ' +
    'ServiceAuthPolicy of the same name takes it over, or people delete it';
  return { regarding: { apiVersion, kind, metadata }, type: 'Warning', reason: 'Orphaned', action: 'Keep', note };
}

function regarding({ metadata }: RawObject): EventFacts['regarding'] {
  return { apiVersion: API_VERSION, kind: POLICY_KIND, metadata };
}

function told(verb: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return [`${verb} ${names.slice(0, MAX_NAMED).join(', ')}${more}`];
}

/**
 * Turning good again is news once; a different complaint is news, too. That a new policy is as good as anybody expects is not: its
 * status says so, and of a thousand new ones such events would crowd out the one that complains.
 */
function isNews(before: Condition | undefined, after: Condition): boolean {
  if (after.status === 'True') return before !== undefined && before.status !== 'True';
  return before?.status !== after.status || before.reason !== after.reason || before.message !== after.message;
}

function conditionOf({ conditions = [] }: ServiceAuthPolicyStatus, type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}
