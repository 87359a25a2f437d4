import { enforcementOf } from '../enforcement/enforcement.ts';
import { warningsOf } from '../mesh/warnings.ts';
import { readPolicyStatus } from '../parse/status.ts';
import type { IstioObject } from '../resources.ts';
import type { Finding } from './conditions.ts';
import { byName, holds, refOf, sameObject } from './holds.ts';
import { inSafeOrder, inSafeRemoval } from './order.ts';
import { type Standing, standing, standingInConflict, standingInRoot } from './standing.ts';
import { allHeld, buildStatus } from './status.ts';
import type { Plan, Snapshot } from './types.ts';
import { judge, type Verdict } from './verdict.ts';

/**
 * Decides what must exist for one policy, and what is to be done for it. Pure: the same snapshot gives the same plan, in whatever
 * order rules, issuers, rivals and owned objects are listed.
 *
 * A policy that cannot be compiled keeps its last good objects, or has its workload closed; never is a workload more open
 * than before.
 * @throws PolicyError when `mesh.trustDomain` is not a trust domain
 */
export function plan(snapshot: Snapshot, now: Date): Plan {
  const owned = [...snapshot.owned].sort(byName);
  const verdict = judge(snapshot);
  const decision = decide(verdict, { ...snapshot, owned });
  const desired = decision.objects;
  const apply = desired.filter((object) => !owned.some((held) => held === object || holds(held, object)));
  const remove = inSafeRemoval(owned.filter((held) => !desired.some((object) => sameObject(held, object)))).map(refOf);
  const previous = readPolicyStatus(snapshot.policy.status);
  const idle = apply.length + remove.length === 0;
  const enforcement = enforcementOf({ ...snapshot, owned }, { accepted: verdict.kind === 'compiled', idle });
  const status = buildStatus(
    {
      previous,
      generation: snapshot.policy.metadata.generation,
      policy: verdict.policy,
      inForce: serviceOf(verdict, desired.length > 0 ? previous.service : undefined),
      workloads: snapshot.surroundings?.workloads.selected,
      objects: desired,
      findings: [
        accepted(verdict),
        decision.programmed ?? progress(apply.length, remove.length),
        enforcement.finding,
        ...warned(verdict, snapshot),
      ],
      enforced: enforcement.enforced,
    },
    now,
  );
  const { awaited } = enforcement;
  return { desired, apply, remove, status, ...(awaited && { awaited }), previous };
}

/** The name whose tokens the objects accept: those of an earlier generation stay with the name of that time. */
function serviceOf(verdict: Verdict, before: string | undefined): string | undefined {
  return verdict.kind === 'compiled' ? verdict.policy.spec.service : before;
}

interface Decision {
  readonly objects: readonly IstioObject[];
  /** Absent when it depends on what is still to be done. */
  readonly programmed?: Finding;
}

function decide(verdict: Verdict, snapshot: Snapshot): Decision {
  switch (verdict.kind) {
    case 'compiled':
      return { objects: inSafeOrder(verdict.compiled, snapshot.owned) };
    case 'refused':
      return asDecision(standing(snapshot));
    case 'misplaced':
      return asDecision(standingInRoot(snapshot));
    case 'conflicted':
      return asDecision(standingInConflict(snapshot, verdict.winner));
  }
}

function asDecision({ objects, reason, message }: Standing): Decision {
  return { objects, programmed: { type: 'Programmed', status: 'False', reason, message } };
}

function accepted(verdict: Verdict): Finding {
  return verdict.kind === 'compiled'
    ? { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the policy is valid' }
    : { type: 'Accepted', status: 'False', ...verdict.refusal };
}

/** Nothing while the surroundings are not known: what was said of them last stays. */
function warned(verdict: Verdict, { mesh, surroundings }: Snapshot): readonly Finding[] {
  if (surroundings === undefined) return [];
  if (verdict.kind !== 'compiled') {
    const message = 'only a policy that is accepted is held against its mesh';
    return [{ type: 'Warning', status: 'Unknown', reason: 'NotAccepted', message }];
  }
  const warnings = warningsOf(verdict.policy, mesh, surroundings);
  const [first, second] = warnings;
  if (first === undefined) return [{ type: 'Warning', status: 'False', reason: 'NothingToWarnOf', message: '' }];
  const reason = second === undefined ? first.reason : 'SeveralWarnings';
  return [{ type: 'Warning', status: 'True', reason, message: warnings.map(({ message }) => message).join(' | ') }];
}

function progress(toApply: number, toRemove: number): Finding {
  if (toApply + toRemove === 0) return allHeld;
  const message = `${toApply} objects to apply, ${toRemove} to remove`;
  return { type: 'Programmed', status: 'False', reason: 'Pending', message };
}
