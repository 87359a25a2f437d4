import {
  type Clock,
  ConflictError,
  type EventFacts,
  KindUnknownError,
  KubeError,
  keyOf,
  NotFoundError,
  type Outcome,
  refOf,
} from '@sekisho/kube';
import {
  basisOf,
  type Mesh,
  type Plan,
  plan,
  programmed,
  type ServiceAuthPolicyStatus,
  type Snapshot,
  statusEquals,
} from '@sekisho/policy';
import type { Baselines } from './baselines.ts';
import { deletedByThemselves } from './definition.ts';
import type { EnforcementWatch } from './enforce/watch.ts';
import { OperatorError } from './errors.ts';
import { type Executor, execute, remove } from './execute.ts';
import { gather, inheritedBy, straysOf } from './gather.ts';
import { isAwaited } from './heirs.ts';
import type { KeySets } from './key-sets.ts';
import type { ObservedViews } from './observe/observed.ts';
import { orphaned, repaired, transitions } from './policy-events.ts';
import { POLICIES } from './resources.ts';

export type ReconcileResult = 'unchanged' | 'written' | 'repaired' | 'waiting' | 'failed';

/** Tells people. */
export interface EventSink {
  /** Must neither wait nor throw. */
  record(facts: EventFacts): void;
  /** Tells what was recorded, for at most so long. */
  stop(graceMs: number): Promise<void>;
}

export interface PolicyController extends Omit<Executor, 'signal'> {
  readonly keySets: KeySets;
  /** Asked anew each time: both come to be known, and change. */
  readonly mesh: () => Mesh;
  readonly observed: () => ObservedViews | undefined;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly baselines: Baselines;
  /** Undefined where nobody asks istiod. */
  readonly enforcement: Pick<EnforcementWatch, 'sight' | 'told' | 'want' | 'writing'> | undefined;
  readonly onResult: (result: ReconcileResult, milliseconds: number) => void;
}

/** Brings everything that one policy key asks for in line. Throws what failed, after the status tells of it. */
export async function reconcilePolicy(
  controller: PolicyController,
  key: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const started = controller.clock.now();
  const done = (result: ReconcileResult) => controller.onResult(result, controller.clock.now() - started);
  try {
    const result = await reconcile({ ...controller, signal }, key);
    done(result);
    return result === 'repaired' ? { contested: true } : undefined;
  } catch (error) {
    const ends = error instanceof KubeError && error.code === 'namespace_terminating';
    done(ends ? 'waiting' : 'failed');
    // No try will ever succeed there, and the status says so; a namespace may take weeks to go.
    if (ends) return undefined;
    throw error;
  }
}

type Reconciler = PolicyController & Executor;

async function reconcile(reconciler: Reconciler, key: string): Promise<ReconcileResult> {
  const { caches, keySets, baselines, enforcement } = reconciler;
  const known = { caches, keySets, mesh: reconciler.mesh(), observed: reconciler.observed(), enforcement };
  const { snapshot, waiting } = gather(known, key);
  if (snapshot === undefined) {
    baselines.forget(key);
    enforcement?.want(key, undefined);
  }
  const realized = snapshot === undefined ? 'unchanged' : await realize(reconciler, snapshot, { key, waiting });
  if (realized === 'waiting') return 'waiting';
  return (await removeStrays(reconciler, key)) ? 'written' : realized;
}

async function realize(
  reconciler: Reconciler,
  snapshot: Snapshot,
  { key, waiting }: { readonly key: string; readonly waiting: boolean },
): Promise<ReconcileResult> {
  const { baselines, events, enforcement } = reconciler;
  const now = new Date(reconciler.clock.now());
  const planned = plan(snapshot, now);
  // What is in force stays until the keys are there, and its status with it. Where nothing is, the plan is to close.
  if (waiting && planned.apply.length === 0) return 'waiting';
  enforcement?.want(key, planned.awaited);
  if (planned.apply.length === 0 && planned.remove.length === 0) {
    baselines.keep(key, planned);
    return (await writeStatus(reconciler, snapshot, planned.status)) ? 'written' : 'unchanged';
  }
  if (!(await mayInherit(reconciler, snapshot, planned))) return 'unchanged';
  enforcement?.writing(key, basisOf(snapshot.owned));
  try {
    await execute(planned, snapshot, reconciler);
  } catch (error) {
    if (!reconciler.signal.aborted) await tellFailure(reconciler, snapshot, { planned, error, now });
    throw error;
  }
  const isRepair = baselines.isRepair(key, planned);
  baselines.keep(key, planned);
  if (isRepair) events.record(repaired(snapshot.policy, planned));
  await writeStatus(reconciler, snapshot, programmed(planned, { ok: true }, now));
  return isRepair ? 'repaired' : 'written';
}

/**
 * False when objects of another policy of this name would be taken over and that one is alive: the cache of policies lags
 * behind then, and the watch brings the key back.
 */
async function mayInherit(reconciler: Reconciler, { policy }: Snapshot, { apply }: Plan): Promise<boolean> {
  if (apply.every((object) => inheritedBy(policy, object, reconciler.caches) === undefined)) return true;
  return (await livePolicyUid(reconciler, keyOf(policy.metadata))) === policy.metadata.uid;
}

/** The failure itself is what the caller must see; that its status could not be written either is added as context. */
async function tellFailure(
  reconciler: Reconciler,
  snapshot: Snapshot,
  { planned, error, now }: { planned: Plan; error: unknown; now: Date },
): Promise<void> {
  const status = programmed(planned, { ok: false, message: messageOf(error) }, now);
  try {
    await writeStatus(reconciler, snapshot, status);
  } catch (statusError) {
    throw new AggregateError([error, statusError], 'a policy could neither be programmed nor its status be written');
  }
}

/** Writes the status unless it is the one that stands. The uid keeps it off a successor of the same name. */
async function writeStatus(
  { client, caches, events, enforcement, signal }: Reconciler,
  { policy, enforcement: sight }: Snapshot,
  status: ServiceAuthPolicyStatus,
): Promise<boolean> {
  const told = () => sight && enforcement?.told(keyOf(policy.metadata), sight);
  if (statusEquals(policy.status, status)) {
    told();
    return false;
  }
  const { name, namespace, uid } = policy.metadata;
  const metadata = { name, ...(namespace !== undefined && { namespace }), ...(uid !== undefined && { uid }) };
  const object = { apiVersion: `${POLICIES.group}/${POLICIES.version}`, kind: POLICIES.kind, metadata, status };
  try {
    caches.policies.record(await client.applyStatus(POLICIES, object, { force: true, signal }));
    told();
    for (const facts of transitions(policy, status)) events.record(facts);
    return true;
  } catch (error) {
    // Deleted, or deleted and made anew: the watch brings the key back.
    if (error instanceof NotFoundError || error instanceof ConflictError) return false;
    throw error;
  }
}

/**
 * Removes objects whose policy is gone, also where no garbage collector runs. The cache alone proves no absence, so
 * the API server is asked before anything is removed.
 */
async function removeStrays(reconciler: Reconciler, key: string): Promise<boolean> {
  const strays = straysOf(reconciler.caches, key);
  if (strays.length === 0) return false;
  const cached = reconciler.caches.policies.store.get(key)?.metadata.uid;
  if (cached === undefined && isAwaited(strays, reconciler.caches)) return false;
  const live = await livePolicyUid(reconciler, key);
  // They differ while the cache lags behind; the watch brings the key back then.
  if (live !== cached) return false;
  const gone = live === undefined ? await deletedByThemselves(strays, reconciler) : strays;
  for (const stray of gone) await remove(stray, reconciler);
  const [kept] = strays.filter((stray) => !gone.includes(stray));
  if (kept !== undefined) reconciler.events.record(orphaned(kept));
  return gone.length > 0;
}

async function livePolicyUid({ client, signal }: Reconciler, key: string): Promise<string | undefined> {
  try {
    return (await client.get(POLICIES, refOf(key), { signal })).metadata.uid;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof KindUnknownError) return undefined;
    throw error;
  }
}

/** What a status may say of a failure. An unexpected one is in the log, with its stack. */
function messageOf(error: unknown): string {
  return error instanceof KubeError || error instanceof OperatorError ? error.message : 'internal error';
}
