import { describe, expect, test } from 'vitest';
import { plan } from '../plan/plan.ts';
import { programmed } from '../plan/status.ts';
import type { Plan, Snapshot } from '../plan/types.ts';
import type { IstioObject, RawObject } from '../resources.ts';
import type { Condition } from '../schema/status.ts';
import { issuerStates } from '../testing/arbitraries.ts';
import { API_VERSION, LABEL, POLICY_KIND } from '../vocabulary.ts';
import { basisOf } from './basis.ts';
import type { ProxySight, Sight, WorkloadProxy } from './sight.ts';

const MESH = { trustDomain: 'cluster.local', rootNamespace: 'istio-system' };
const EARLIER = new Date('2026-02-03T04:05:06Z');
const LATER = new Date('2026-02-03T05:00:00Z');
const bucket: RawObject = {
  apiVersion: API_VERSION,
  kind: POLICY_KIND,
  metadata: { name: 'bucket', namespace: 'shop', uid: 'p', generation: 1 },
  spec: {
    selector: { matchLabels: { app: 'bucket' } },
    issuers: ['platform'],
    rules: [{ name: 'all', allow: { authenticated: true } }],
  },
};

const written = plan(
  { policy: bucket, rivals: [], namesakes: [], issuers: issuerStates(), owned: [], mesh: MESH },
  EARLIER,
).desired.map((object, index): IstioObject => stored(object, `uid-${index}`, 1));

function stored(object: IstioObject, uid: string, generation: number): IstioObject {
  return { ...object, metadata: { ...object.metadata, uid, generation } };
}

const A: WorkloadProxy = { id: 'bucket-a.shop', state: 'proxied' };
const B: WorkloadProxy = { id: 'bucket-b.shop', state: 'proxied' };

interface Case {
  readonly policy?: RawObject;
  readonly owned?: readonly IstioObject[];
  readonly workloads?: readonly WorkloadProxy[];
  readonly seen?: Readonly<Record<string, ProxySight>>;
  readonly unasked?: Sight['unasked'];
  readonly basis?: string;
  readonly foreign?: readonly IstioObject[];
  readonly relabelled?: readonly string[];
}

function planned({ policy = bucket, owned = written, workloads = [A, B], foreign = [], ...sight }: Case = {}): Plan {
  const snapshot: Snapshot = {
    policy,
    rivals: [],
    namesakes: [],
    issuers: issuerStates(),
    owned,
    mesh: MESH,
    surroundings: {
      workloads: { selected: workloads.length, labels: [], proxies: workloads },
      services: [],
      foreign,
    },
    ...(sight.seen !== undefined && {
      enforcement: {
        basis: sight.basis ?? basisOf(owned),
        proxies: new Map(Object.entries(sight.seen)),
        unasked: sight.unasked ?? [],
        relabelled: sight.relabelled ?? [],
      },
    }),
  };
  return plan(snapshot, LATER);
}

function enforcedIn({ status }: Pick<Plan, 'status'>): Condition | undefined {
  return status.conditions?.find(({ type }) => type === 'Enforced');
}

const judged = (input: Case) => {
  const { status, reason } = enforcedIn(planned(input)) ?? {};
  return `${status} ${reason}`;
};
const current: ProxySight = { state: 'current' };
const missing: ProxySight = { state: 'missing' };
const bothCurrent = { [A.id]: current, [B.id]: current };

describe('Enforced', () => {
  test('is True once every proxy was seen with the objects as they are', () => {
    const done = planned({ seen: bothCurrent });
    expect(enforcedIn(done)).toMatchObject({ status: 'True', reason: 'Enforced', observedGeneration: 1 });
    expect(done.status.enforcedObjects).toBe(basisOf(written));
    expect(done.awaited).toBeUndefined();
  });

  test.each<[string, Case, string]>([
    ['a proxy has not acknowledged', { seen: { ...bothCurrent, [B.id]: { state: 'behind' } } }, 'False ProxiesBehind'],
    [
      'a proxy refuses',
      { seen: { [A.id]: { state: 'behind' }, [B.id]: { state: 'rejecting', error: 'no' } } },
      'False ProxiesRejecting',
    ],
    [
      'istiod lags behind the API server',
      { seen: { ...bothCurrent, [B.id]: { state: 'uninformed', replica: 'istiod-1' } } },
      'False IstiodBehind',
    ],
    ['a proxy is connected to nobody', { seen: { ...bothCurrent, [B.id]: missing } }, 'False ProxiesNotConnected'],
    ['a proxy was not looked for yet', { seen: { [A.id]: current } }, 'False Pending'],
    ['it is too early for one proxy', { seen: { ...bothCurrent, [B.id]: { state: 'undecided' } } }, 'False Pending'],
    ['what was seen is about other objects', { seen: bothCurrent, basis: 'older' }, 'False Pending'],
    ['nobody asks istiod', {}, 'Unknown NotObserved'],
    ['no workload is selected', { seen: {}, workloads: [] }, 'Unknown NoWorkloads'],
    ['the only workload is starting', { seen: {}, workloads: [{ ...A, state: 'starting' }] }, 'Unknown NoWorkloads'],
    [
      'a workload has no sidecar',
      { seen: bothCurrent, workloads: [A, { ...B, state: 'bare' }] },
      'Unknown WithoutProxy',
    ],
    ['the policy is refused', { policy: { ...bucket, spec: {} }, seen: bothCurrent }, 'False NotAccepted'],
    ['objects are still to be written', { owned: [], seen: {} }, 'False Pending'],
  ])('is not True while %s', (_when, input, expected) => {
    expect(judged(input)).toBe(expected);
  });

  test.each([
    ['not_found', 'IstiodNotFound'],
    ['unreachable', 'IstiodUnreachable'],
    ['forbidden', 'IstiodForbidden'],
    ['unreadable', 'IstiodUnreadable'],
  ] as const)('is Unknown where a proxy may be connected to a replica that is %s', (problem, reason) => {
    const unasked = [{ replica: 'istiod-2', problem }];
    expect(judged({ seen: { ...bothCurrent, [B.id]: missing }, unasked })).toBe(`Unknown ${reason}`);
    expect(judged({ seen: bothCurrent, unasked })).toBe('True Enforced');
  });

  test('says what stands in the way where somebody gave an object of his own the label of generated ones', () => {
    const labels = { [LABEL.policy]: 'bucket' };
    const metadata = { name: 'copy', namespace: 'shop', labels };
    const copy = { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata, spec: {} } as const;
    const behind = { seen: { ...bothCurrent, [B.id]: { state: 'uninformed', replica: 'istiod-1' } } } as const;
    const told = enforcedIn(planned({ ...behind, foreign: [copy] }));
    expect(told).toMatchObject({ status: 'Unknown', reason: 'ForeignObject' });
    expect(told?.message).toContain(`AuthorizationPolicy copy carries the label ${LABEL.policy}`);
    const elsewhere = { ...copy, metadata: { ...metadata, namespace: 'other' } };
    expect(judged({ ...behind, foreign: [elsewhere] })).toBe('False IstiodBehind');
    expect(judged({ seen: bothCurrent, foreign: [copy] })).toBe('True Enforced');
  });

  test('a workload that is only starting is not waited for', () => {
    expect(judged({ workloads: [A, { ...B, state: 'starting' }], seen: { [A.id]: current } })).toBe('True Enforced');
  });

  test('names some of many proxies, and quotes one short line of what Envoy says', () => {
    const workloads = Array.from({ length: 9 }, (_, index): WorkloadProxy => ({ id: `b-${index}`, state: 'proxied' }));
    const error = `Error adding\nlistener ${'x'.repeat(500)}`;
    const seen = Object.fromEntries(workloads.map(({ id }) => [id, { state: 'rejecting', error } as const]));
    const message = enforcedIn(planned({ workloads, seen }))?.message ?? '';
    expect(message).toContain('b-0, b-1, b-2, b-3, b-4 and 4 more');
    expect(message).toContain('Error adding listener xxx');
    expect(message.length).toBeLessThan(400);
  });
});

describe('what was seen once', () => {
  const seenPolicy = { ...bucket, status: planned({ seen: bothCurrent }).status };

  test('does not speak for a workload that ran before it was selected: all proxies are asked for again', () => {
    const again = planned({ policy: seenPolicy, seen: bothCurrent, relabelled: [B.id] });
    expect(enforcedIn(again)).toMatchObject({ status: 'False', reason: 'Pending' });
    expect(again.status.enforcedObjects).toBeUndefined();
    expect(again.awaited?.proxies).toEqual([A.id, B.id]);
    const gone = planned({ policy: seenPolicy, seen: {}, workloads: [A], relabelled: [B.id] });
    expect(enforcedIn(gone)).toMatchObject({ status: 'True' });
  });

  test('stays, and nothing is awaited, also when istiod is not asked any more and proxies come and go', () => {
    const again = planned({ policy: seenPolicy, workloads: [B, { id: 'bucket-c.shop', state: 'proxied' }] });
    expect(enforcedIn(again)).toEqual(enforcedIn({ status: seenPolicy.status }));
    expect(again.awaited).toBeUndefined();
  });

  test('ends when an object is written anew, in the very status that tells of the writing', () => {
    const [first, ...rest] = written;
    if (first === undefined) throw new Error('nothing is generated');
    const edited = [{ ...first, spec: {} }, ...rest];
    const writing = planned({ policy: seenPolicy, owned: edited, seen: {} });
    const status = programmed(writing, { ok: true }, LATER);
    expect(enforcedIn({ status })).toMatchObject({ status: 'False', reason: 'Pending' });
    expect(status.enforcedObjects).toBeUndefined();
  });

  test.each([
    ['generation', (object: IstioObject) => stored(object, object.metadata.uid ?? '', 2)],
    ['identity', (object: IstioObject) => stored(object, 'made-anew', 1)],
  ])('ends when an object has another %s, whoever wrote it', (_what, change) => {
    const owned = written.map((object, index) => (index === 0 ? change(object) : object));
    const next = planned({ policy: seenPolicy, owned, seen: {} });
    expect(enforcedIn(next)).toMatchObject({ status: 'False', reason: 'Pending' });
    expect(next.awaited).toMatchObject({ basis: basisOf(owned), group: 'shop/bucket', proxies: [A.id, B.id] });
  });

  test('ends when a workload without a sidecar joins', () => {
    const next = planned({ policy: seenPolicy, workloads: [A, { ...B, state: 'bare' }], seen: bothCurrent });
    expect(enforcedIn(next)).toMatchObject({ status: 'Unknown', reason: 'WithoutProxy' });
    expect(next.status.enforcedObjects).toBeUndefined();
  });
});

test('what istiod acts on is told apart, and nothing else: a generation says nothing of annotations', () => {
  const annotated = (annotations: object) =>
    basisOf(
      written.map((object) => ({ ...object, metadata: { ...object.metadata, annotations: { ...annotations } } })),
    );
  expect(annotated({ 'istio.io/dry-run': 'true' })).not.toBe(annotated({}));
  expect(annotated({ 'example.com/reviewed': 'yes' })).toBe(annotated({}));
  expect(basisOf([...written].reverse())).toBe(basisOf(written));
});
