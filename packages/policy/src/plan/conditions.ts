import type { RefusalReason } from '../compile/refusal.ts';
import type { EnforcedReason } from '../enforcement/reason.ts';
import type { WarningReason } from '../mesh/warning.ts';
import type { Condition } from '../schema/status.ts';
import type { Standing } from './standing.ts';

export type AcceptedReason = 'Accepted' | RefusalReason;
export type ProgrammedReason = 'Programmed' | 'Pending' | 'ApplyFailed' | Standing['reason'];

/** One warning is its own reason. */
export type WarningConditionReason = WarningReason | 'SeveralWarnings' | 'NothingToWarnOf' | 'NotAccepted';

/** A condition before it is compared with what the API server holds. */
export type Finding = { readonly status: Condition['status']; readonly message: string } & (
  | { readonly type: 'Accepted'; readonly reason: AcceptedReason }
  | { readonly type: 'Programmed'; readonly reason: ProgrammedReason }
  | { readonly type: 'Enforced'; readonly reason: EnforcedReason }
  | { readonly type: 'Warning'; readonly reason: WarningConditionReason }
);

/** Within metav1.Condition's bound, and short enough to read. */
const MAX_MESSAGE = 2048;

/**
 * Lays findings over the conditions that the API server holds. The transition time moves only when the status does
 * (metav1.Condition); conditions of other types belong to somebody else and stay as they are.
 */
export function mergeConditions(
  previous: readonly Condition[],
  findings: readonly Finding[],
  generation: number | undefined,
  now: Date,
): Condition[] {
  const settled = findings.map((finding): Condition => {
    const before = previous.find(({ type }) => type === finding.type);
    return {
      type: finding.type,
      status: finding.status,
      reason: finding.reason,
      message: clip(finding.message),
      lastTransitionTime: before?.status === finding.status ? before.lastTransitionTime : rfc3339(now),
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  });
  return [...settled, ...previous.filter(({ type }) => !findings.some((finding) => finding.type === type))];
}

function clip(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE - 3)}...`;
}

/** metav1.Time has whole seconds. */
function rfc3339(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
