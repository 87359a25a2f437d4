import { type KubeClient, type KubeObject, NotFoundError } from '@sekisho/kube';
import { holds, type IstioObject, type Plan, type Snapshot } from '@sekisho/policy';
import type { Caches } from './caches.ts';
import { OperatorError } from './errors.ts';
import { GENERATED, toIstioObject } from './resources.ts';

export interface Executor {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly signal: AbortSignal;
}

/** Generated objects by `kind/name`, as the API server last showed them. */
type Held = Map<string, KubeObject>;

/**
 * Makes the API server hold exactly what is planned, closing objects first, and removes the rest only afterwards.
 * Throws `KubeError`, or `OperatorError` `not_kept` when someone changes what was just written.
 */
export async function execute(planned: Plan, snapshot: Snapshot, executor: Executor): Promise<void> {
  const held: Held = new Map(ownedBy(snapshot, executor.caches).map((object) => [idOf(object), object]));
  const different = () => planned.apply.filter((object) => !isHeld(held, object));
  for (const object of planned.apply) await apply(object, held, executor);
  // Server-side apply leaves alone what others added beside our fields (a dry-run annotation, another selector), and
  // in a policy that may open the workload. What still differs is replaced as a whole.
  for (const object of different()) await replace(object, held, executor);
  const [lost] = different();
  if (lost) {
    const name = `${lost.kind} ${lost.metadata.name}`;
    throw new OperatorError(
      'not_kept',
      `${name} does not stay as it is written: another controller or webhook changes it`,
    );
  }
  for (const { kind, name } of planned.remove) await remove(held.get(`${kind}/${name}`), executor);
}

/** Deletes a generated object unless it changed since it was read; one that is gone already is fine. */
export async function remove(object: KubeObject | undefined, { client, caches, signal }: Executor): Promise<void> {
  const kind = object && toIstioObject(object)?.kind;
  if (object === undefined || kind === undefined) return;
  const { uid, resourceVersion } = object.metadata;
  try {
    await client.delete(GENERATED[kind], object.metadata, { uid, resourceVersion, signal });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  caches.generated[kind].forget(object);
}

async function apply(object: IstioObject, held: Held, executor: Executor): Promise<void> {
  const { client, signal } = executor;
  keep(await client.apply(GENERATED[object.kind], object, { force: true, signal }), object, held, executor);
}

async function replace(object: IstioObject, held: Held, executor: Executor): Promise<void> {
  const { client, signal } = executor;
  // The version read before makes it a conflict, not a silent loss, when someone else wrote in between.
  const resourceVersion = held.get(`${object.kind}/${object.metadata.name}`)?.metadata.resourceVersion;
  const versioned = { ...object, metadata: { ...object.metadata, ...(resourceVersion && { resourceVersion }) } };
  keep(await client.replace(GENERATED[object.kind], versioned, { signal }), object, held, executor);
}

/** The answer of a write is what the next reconcile must see, however late the watch brings it. */
function keep(answer: KubeObject, { kind }: IstioObject, held: Held, { caches }: Executor): void {
  held.set(idOf(answer), answer);
  caches.generated[kind].record(answer);
}

function ownedBy({ policy }: Snapshot, { generated }: Caches): readonly KubeObject[] {
  return Object.values(generated).flatMap(({ store }) => store.by('uid', policy.metadata.uid ?? ''));
}

function isHeld(held: Held, wanted: IstioObject): boolean {
  const object = held.get(`${wanted.kind}/${wanted.metadata.name}`);
  const known = object && toIstioObject(object);
  return known !== undefined && holds(known, wanted);
}

function idOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}
