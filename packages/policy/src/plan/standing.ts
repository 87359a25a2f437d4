import { sameJson } from '../compile/digest.ts';
import { lockPolicy } from '../compile/guard.ts';
import type { Selector } from '../compile/istio.ts';
import { objectName } from '../compile/names.ts';
import { istioObject, specDigest } from '../compile/object.ts';
import { readPolicyStatus } from '../parse/status.ts';
import type { IstioObject, RawObject } from '../resources.ts';
import { ANNOTATION } from '../vocabulary.ts';
import { governor } from './conflict.ts';
import { withoutIstioKeys } from './holds.ts';
import { selectionOf, selectsAll } from './selection.ts';
import type { Snapshot } from './types.ts';

/** What stays in force for a policy that cannot be compiled. */
export interface Standing {
  readonly objects: readonly IstioObject[];
  readonly reason: 'LastGoodKept' | 'DenyAll' | 'NothingProgrammed';
  readonly message: string;
}

/**
 * The last good objects while they are whole, else a deny-all beside whatever is left of them. What was deleted or edited by hand
 * cannot be restored from a policy that does not compile, so only denying is safe.
 */
export function standing(snapshot: Snapshot): Standing {
  const { policy, owned, rivals } = snapshot;
  const lockName = objectName(policy.metadata.name, 'lock');
  // Where the policy selects something else by now, another one may have taken the workload over.
  const own = owned.filter((object) => !rivals.some((rival) => isHandedOver(object, rival)));
  const good = own.filter(({ metadata }) => metadata.name !== lockName).map(withoutIstioKeys);
  if (isWhole(good, policy)) {
    return {
      objects: good,
      reason: 'LastGoodKept',
      message: 'the objects of the last accepted generation stay in force until the policy is accepted again',
    };
  }
  const lock = own.find(({ metadata }) => metadata.name === lockName);
  const selector = lockedSelection(good, lock, snapshot);
  if (selector === undefined) {
    return {
      objects: good,
      reason: 'NothingProgrammed',
      message:
        'no selector can be read where only this policy governs, so no workload could be closed; correct spec.selector',
    };
  }
  return {
    objects: [istioObject(policy.metadata, 'lock', lockPolicy(selector)), ...good],
    reason: 'DenyAll',
    message: 'every request to the selected workloads is denied until the policy is accepted',
  };
}

/**
 * Where the remains of a damaged set point, for that workload was protected; else what the policy itself selects. Never where an
 * older policy governs, whose workloads a new lock would close; one that is there already stays, for to remove it would open.
 */
function lockedSelection(
  remains: readonly IstioObject[],
  lock: IstioObject | undefined,
  { policy, rivals }: Snapshot,
): Selector | undefined {
  const locked = selectionIn(lock === undefined ? [] : [lock]);
  const candidates = [selectionIn(remains.filter(isUnedited)), selectionIn(remains), selectionOf(policy.spec), locked];
  return candidates.find(
    (selector) =>
      selector !== undefined &&
      (sameJson(selector, locked) || governor({ ...policy, spec: { selector } }, rivals) === undefined),
  );
}

function selectionIn(objects: readonly IstioObject[]): Selector | undefined {
  return objects.map(({ spec }) => selectionOf(spec)).find((selector) => selector !== undefined);
}

/** The allow list is there with everything it needs, and nothing was edited. */
function isWhole(owned: readonly IstioObject[], { metadata }: RawObject): boolean {
  const names = new Set(owned.map((object) => object.metadata.name));
  const allow = owned.find((object) => object.metadata.name === objectName(metadata.name, 'allow'));
  const needs = allow?.metadata.annotations?.[ANNOTATION.needs]?.split(',');
  return needs?.every((name) => names.has(name)) === true && owned.every(isUnedited);
}

function isUnedited({ metadata, spec }: IstioObject): boolean {
  return metadata.annotations?.[ANNOTATION.digest] === specDigest(spec);
}

/**
 * A policy in conflict writes nothing, not even a deny-all: that would close the workload of the policy that governs it. Objects from
 * the time before the conflict stay until another policy is Programmed for a selection that holds theirs whole; then they are
 * handed over, for two allow lists on one workload would open the union of both. Where the selections only cross, nobody takes
 * over what lies outside, so they stay until people tell the selectors apart: to remove them would open that part.
 */
export function standingInConflict({ owned, rivals }: Snapshot, winner: RawObject): Standing {
  const objects = owned.filter((object) => !rivals.some((rival) => isHandedOver(object, rival))).map(withoutIstioKeys);
  const kept = objects.length > 0;
  return {
    objects,
    reason: kept ? 'LastGoodKept' : 'NothingProgrammed',
    message: kept
      ? `objects from before the conflict stay until ${winner.metadata.name} is programmed for all of their workloads`
      : `nothing is written for this policy; ${winner.metadata.name} governs the workloads that both may select`,
  };
}

/**
 * A policy in the mesh's root namespace: nothing is written, not even a deny-all, which would close workloads of every namespace.
 * What an earlier version wrote there stays as it is, for its reach is just as wide: where no other ALLOW exists, to remove the
 * allow list opens a workload; without the guard or a lock, a foreign ALLOW opens it; without the RequestAuthentication, headers
 * that it strips are believed. People remove all of it by deleting the policy, once the workloads have policies of their own.
 * Only PeerAuthentication goes: Istio ignores one with a selector in the root namespace, so it holds nothing closed.
 */
export function standingInRoot({ owned }: Snapshot): Standing {
  const objects = owned.filter(({ kind }) => kind !== 'PeerAuthentication');
  if (objects.length === 0) {
    return { objects, reason: 'NothingProgrammed', message: 'nothing is written into the root namespace of the mesh' };
  }
  const message =
    'objects from an earlier version stay and reach every namespace; give the workloads policies in their own namespaces, ' +
    'then delete this one, which removes them';
  return { objects, reason: 'LastGoodKept', message };
}

function isHandedOver({ spec }: IstioObject, winner: RawObject): boolean {
  const held = selectionOf(spec)?.matchLabels;
  const governed = selectionOf(winner.spec)?.matchLabels;
  return held !== undefined && governed !== undefined && selectsAll(governed, held) && isProgrammed(winner);
}

function isProgrammed({ metadata, status }: RawObject): boolean {
  return (readPolicyStatus(status).conditions ?? []).some(
    ({ type, status: value, observedGeneration }) =>
      type === 'Programmed' && value === 'True' && observedGeneration === metadata.generation,
  );
}
