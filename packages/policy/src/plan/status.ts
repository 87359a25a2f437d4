import { sameJson } from '../compile/digest.ts';
import type { IstioObject, ServiceAuthPolicy } from '../resources.ts';
import type { ServiceAuthPolicyStatus } from '../schema/status.ts';
import { type Finding, mergeConditions } from './conditions.ts';
import { byName } from './holds.ts';
import type { Outcome, Plan } from './types.ts';

interface Report {
  readonly previous: ServiceAuthPolicyStatus;
  readonly generation: number | undefined;
  readonly policy: ServiceAuthPolicy | undefined;
  /** Name of the service whose tokens the objects accept. */
  readonly inForce: string | undefined;
  readonly workloads: number | undefined;
  readonly objects: readonly IstioObject[];
  readonly findings: readonly Finding[];
  /** Which objects every proxy has, as `basisOf` tells them. */
  readonly enforced: string | undefined;
}

/** The status of a policy, complete: what is no longer known is left out. */
export function buildStatus(report: Report, now: Date): ServiceAuthPolicyStatus {
  const { generation, policy, previous, inForce } = report;
  const workloads = report.workloads === undefined ? previous.workloads : { selected: report.workloads };
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    conditions: mergeConditions(report.previous.conditions ?? [], report.findings, generation, now),
    ...(inForce !== undefined && { service: inForce }),
    ...(policy !== undefined && { rules: policy.spec.rules.length }),
    ...(workloads !== undefined && { workloads }),
    // By name, not in the order of writing, which depends on what is there already.
    objects: [...report.objects].sort(byName).map(({ kind, metadata }) => ({ kind, name: metadata.name })),
    ...(report.enforced !== undefined && { enforcedObjects: report.enforced }),
  };
}

/** The status after the plan was executed: `Programmed` says what came of it. */
export function programmed(plan: Plan, outcome: Outcome, now: Date): ServiceAuthPolicyStatus {
  const planned = plan.status.conditions ?? [];
  const finding = executed(plan.status, outcome);
  if (finding === undefined) return plan.status;
  const settled = mergeConditions(plan.previous.conditions ?? [], [finding], plan.status.observedGeneration, now);
  const programmedNow = settled.filter(({ type }) => type === finding.type);
  // Objects of before may still be there: their name is not free yet.
  const service = outcome.ok ? undefined : plan.previous.service;
  return {
    ...plan.status,
    ...(service !== undefined && { service }),
    conditions: planned.flatMap((condition) => (condition.type === finding.type ? programmedNow : [condition])),
  };
}

function executed({ conditions = [] }: ServiceAuthPolicyStatus, outcome: Outcome): Finding | undefined {
  if (!outcome.ok) {
    return { type: 'Programmed', status: 'False', reason: 'ApplyFailed', message: outcome.message };
  }
  const accepted = conditions.some(({ type, status }) => type === 'Accepted' && status === 'True');
  return accepted ? allHeld : undefined;
}

export const allHeld: Finding = {
  type: 'Programmed',
  status: 'True',
  reason: 'Programmed',
  message: 'the API server holds exactly the generated objects',
};

/** Equal as the API server would store them; lets a caller skip a write that changes nothing. */
export function statusEquals(a: unknown, b: unknown): boolean {
  return sameJson(a ?? {}, b ?? {});
}
