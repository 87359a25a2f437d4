import { type Change, type KubeObject, Store } from '@sekisho/kube';
import { describe, expect, test } from 'vitest';
import { OWNER_INDEXES, POLICY_INDEXES } from '../caches.ts';
import { serviceAuthPolicy } from '../testing/objects.ts';
import { keysOfForeign, keysOfRelabelled, keysOfService, keysOfUnowned, keysOfWorkload } from './keys.ts';
import { BY_NAMESPACE, type ObservedViews, OWN_LABELS, SELECTED_LABELS } from './observed.ts';
import { pruneForeign, prunePod, pruneService, pruneWorkloadEntry, workloadProxyOf } from './prune.ts';
import { surroundingsOf } from './surroundings.ts';

const GATEWAY = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' };
const LABEL = 'gateway.networking.k8s.io/gateway-name';

const named = (
  kind: string,
  name: string,
  more: Partial<KubeObject['metadata']> = {},
  spec: object = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', ...more },
  spec,
});
const pod = (name: string, labels: Record<string, string>, namespace = 'shop') =>
  prunePod(named('Pod', name, { namespace, labels }));
const service = (name: string, selector: object, spec: object = {}) =>
  pruneService(named('Service', name, {}, { selector, ...spec }));
const foreign = (name: string, namespace: string) =>
  pruneForeign(named('AuthorizationPolicy', name, { namespace }, { rules: [{}] }));

function viewsOf(objects: {
  pods?: readonly KubeObject[];
  services?: readonly KubeObject[];
  foreign?: readonly KubeObject[];
}) {
  const stored = <I extends string>(store: Store<I>, list: readonly KubeObject[] = []) => {
    for (const object of list) store.put(object);
    return { store };
  };
  const views: ObservedViews = {
    workloads: [stored(new Store(OWN_LABELS), objects.pods)],
    services: stored(new Store(SELECTED_LABELS), objects.services),
    foreign: [stored(new Store(BY_NAMESPACE), objects.foreign)],
  };
  return views;
}

function cachesOf(...policies: readonly KubeObject[]) {
  const store = new Store(POLICY_INDEXES);
  for (const policy of policies) store.put(policy);
  const generated = { store: new Store(OWNER_INDEXES) };
  return {
    policies: { store },
    issuers: { store: new Store({}) },
    generated: { RequestAuthentication: generated, AuthorizationPolicy: generated, PeerAuthentication: generated },
  };
}

const found = (objects: Parameters<typeof viewsOf>[0], policy: KubeObject) =>
  surroundingsOf({ observed: viewsOf(objects), caches: cachesOf() }, policy, 'istio-system');
const appeared = (after: KubeObject): Change => ({ key: 'k', before: undefined, after });

describe('the surroundings of a policy', () => {
  const two = { app: 'bucket', tier: 'x' };
  const pods = [pod('a', two), pod('b', two), pod('c', { app: 'user' }), pod('d', two, 'other')];

  test('count the workloads that carry all of its labels in its namespace, and each set of labels once', () => {
    const policy = serviceAuthPolicy('bucket', { selector: { matchLabels: two } });
    expect(found({ pods }, policy).workloads).toMatchObject({ selected: 2, labels: [two] });
  });

  test('of a Gateway count its proxies, once each', () => {
    const proxies = [pod('e', { [LABEL]: 'public' }), pod('f', { [LABEL]: 'partners' }), pod('g', { [LABEL]: 'x' })];
    const policy = serviceAuthPolicy('front', {
      selector: undefined,
      targetRefs: [GATEWAY, { ...GATEWAY, name: 'partners' }],
    });
    expect(found({ pods: proxies }, policy).workloads.selected).toBe(2);
  });

  test('hold Services that share a label with them, and policies of the namespace and of the whole mesh', () => {
    const services = [service('bucket', { app: 'bucket' }), service('user', { app: 'user' })];
    const policies = [foreign('here', 'shop'), foreign('mesh', 'istio-system'), foreign('there', 'other')];
    const around = found({ pods, services, foreign: policies }, serviceAuthPolicy('bucket'));
    expect(around.services.map(({ metadata }) => metadata.name)).toEqual(['bucket']);
    expect(around.foreign.map(({ metadata }) => metadata.name)).toEqual(['here', 'mesh']);
  });

  test('hold copies of generated objects that belong to nobody, whatever their labels say', () => {
    const caches = cachesOf();
    const owner = { apiVersion: 'auth.sekisho.dev/v1alpha1', kind: 'ServiceAuthPolicy', name: 'bucket', uid: 'u' };
    caches.generated.AuthorizationPolicy.store.put(foreign('copy', 'shop'));
    caches.generated.AuthorizationPolicy.store.put(
      named('AuthorizationPolicy', 'bucket-allow', { ownerReferences: [owner] }),
    );
    const around = surroundingsOf({ observed: viewsOf({}), caches }, serviceAuthPolicy('bucket'), 'istio-system');
    expect(around.foreign.map(({ metadata }) => metadata.name)).toEqual(['copy']);
  });
});

describe('a change around policies', () => {
  const caches = cachesOf(serviceAuthPolicy('bucket'), serviceAuthPolicy('user'));

  test('of labels concerns who selects by them now or did before; any other change of a Pod nobody', () => {
    const [before, after] = [pod('a', { app: 'bucket' }), pod('a', { app: 'user' })];
    expect(keysOfWorkload(caches, { key: 'k', before, after })).toEqual(['shop/bucket', 'shop/user']);
    const ready = { ...before, metadata: { ...before.metadata, resourceVersion: '9' } };
    expect(keysOfWorkload(caches, { key: 'k', before, after: ready })).toEqual([]);
  });

  test('of the labels of a workload that runs concerns anew only who did not select it before', () => {
    const running = (labels: Record<string, string>, spec: object = { containers: [{ name: 'istio-proxy' }] }) =>
      prunePod(named('Pod', 'a', { labels, uid: 'u' }, spec));
    const [before, after] = [running({ app: 'bucket' }), running({ app: 'user' })];
    expect(keysOfRelabelled(caches, { key: 'k', before, after })).toEqual(['shop/user']);
    expect(keysOfRelabelled(caches, appeared(after))).toEqual([]);
    expect(keysOfRelabelled(caches, { key: 'k', before: after, after: running({ app: 'user', v: '2' }) })).toEqual([]);
    const bare = running({ app: 'user' }, {});
    expect(keysOfRelabelled(caches, { key: 'k', before, after: bare })).toEqual([]);
    const successor = { ...after, metadata: { ...after.metadata, uid: 'other' } };
    expect(keysOfRelabelled(caches, { key: 'k', before, after: successor })).toEqual([]);
  });

  test('of a Service concerns the policies of what it reaches', () => {
    const views = viewsOf({ pods: [pod('a', { app: 'bucket', tier: 'x' })] });
    expect(keysOfService(caches, views, appeared(service('s', { tier: 'x' })))).toEqual(['shop/bucket']);
    expect(keysOfService(caches, views, appeared(service('s', {})))).toEqual([]);
  });

  test('of a foreign policy concerns its namespace, in the root namespace everybody', () => {
    const elsewhere = foreign('x', 'other');
    expect(keysOfForeign(caches, 'istio-system', appeared(elsewhere))).toEqual([]);
    expect(keysOfForeign(caches, 'istio-system', appeared(foreign('x', 'shop')))).toHaveLength(2);
    expect(keysOfForeign(caches, 'other', appeared(elsewhere))).toHaveLength(2);
    expect(keysOfForeign(caches, 'other', { key: 'k', before: elsewhere, after: foreign('x', 'other') })).toEqual([]);
  });

  test('of what carries our label concerns its namespace only while it belongs to no policy', () => {
    expect(keysOfUnowned(caches, 'istio-system', appeared(foreign('copy', 'shop')))).toHaveLength(2);
    const owner = { apiVersion: 'auth.sekisho.dev/v1alpha1', kind: 'ServiceAuthPolicy', name: 'bucket', uid: 'u' };
    const owned = named('AuthorizationPolicy', 'bucket-allow', { ownerReferences: [owner] });
    expect(keysOfUnowned(caches, 'istio-system', appeared(owned))).toEqual([]);
  });
});

describe('what is kept', () => {
  test('of a Pod is its labels and its proxy', () => {
    const whole = named('Pod', 'a', { labels: { app: 'a' }, annotations: { large: 'x' } }, { containers: [] });
    expect(prunePod(whole)).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'shop', labels: { app: 'a' } },
      spec: { proxy: 'bare' },
    });
  });

  test.each([
    ['a sidecar', { containers: [{ name: 'app' }, { name: 'istio-proxy' }] }, 'Running', 'proxied'],
    ['a native sidecar', { containers: [{}], initContainers: [{ name: 'istio-proxy' }] }, 'Running', 'proxied'],
    ['a sidecar that is not there yet', { containers: [{ name: 'istio-proxy' }] }, 'Pending', 'starting'],
    ['no sidecar', { containers: [{ name: 'app' }] }, 'Running', 'bare'],
    ['no sidecar and no node yet', { containers: [{ name: 'app' }] }, 'Pending', 'bare'],
  ])('of a Pod with %s is what istiod knows its proxy by', (_what, spec, phase, state) => {
    const running = { ...named('Pod', 'a', {}, spec), status: { phase } };
    expect(workloadProxyOf(prunePod(running))).toEqual({ id: 'a.shop', state });
  });

  test('of a WorkloadEntry is its labels, those of metadata before those of spec', () => {
    const entry = named(
      'WorkloadEntry',
      'a',
      { labels: { app: 'meta' } },
      { address: '10.0.0.1', labels: { app: 'spec', v: '1' } },
    );
    expect(pruneWorkloadEntry(entry)).toMatchObject({ metadata: { labels: { app: 'meta', v: '1' } } });
  });

  test.each<[string, object, Readonly<Record<string, string>>, 'proxied' | 'bare']>([
    ['a ServiceAccount', { serviceAccount: 'a' }, {}, 'proxied'],
    ['no ServiceAccount, as of a machine without a sidecar', {}, {}, 'bare'],
    ['a label that says it has one', {}, { 'security.istio.io/tlsMode': 'istio' }, 'proxied'],
    ['a label that says it has none', { serviceAccount: 'a' }, { 'security.istio.io/tlsMode': 'disabled' }, 'bare'],
  ])('of a WorkloadEntry with %s is whether it has a proxy', (_what, spec, labels, proxy) => {
    const entry = named('WorkloadEntry', 'a', { labels }, { address: '10.0.0.1', ...spec });
    expect(pruneWorkloadEntry(entry).spec).toEqual({ proxy });
  });

  test('of a foreign policy is what it applies to and that it has rules', () => {
    const annotations = { 'istio.io/dry-run': 'true', large: 'x' };
    const spec = { selector: {}, action: 'ALLOW', rules: [{ to: [] }, {}], jwtRules: [{ jwks: 'x' }] };
    const kept = pruneForeign(named('AuthorizationPolicy', 'a', { annotations }, spec));
    expect(kept.spec).toEqual({ selector: {}, action: 'ALLOW', rules: [{}] });
    expect(kept.metadata.annotations).toEqual({ 'istio.io/dry-run': 'true' });
  });
});
