import { describe, expect, test } from 'vitest';
import { PolicyError } from '../errors.ts';
import type { IstioObject } from '../resources.ts';
import { issuerStates, MESH, policyOf } from '../testing/arbitraries.ts';
import { plan } from './plan.ts';
import { programmed, statusEquals } from './status.ts';
import type { Plan, Snapshot } from './types.ts';

const CREATED = new Date('2026-02-03T04:05:06.789Z');
const LATER = new Date('2026-02-03T05:00:00Z');
const SPEC = {
  selector: { matchLabels: { app: 'bucket' } },
  issuers: ['platform'],
  rules: [{ name: 'read', allow: { permissions: { anyOf: ['bucket:read'] } } }],
};
const BROKEN = { ...SPEC, rules: [] };

function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    policy: policyOf(SPEC),
    rivals: [],
    namesakes: [],
    issuers: issuerStates(),
    owned: [],
    mesh: { trustDomain: 'cluster.local', rootNamespace: 'istio-system' },
    ...more,
  };
}

function condition({ status }: Pick<Plan, 'status'>, type: string) {
  return status.conditions?.find((one) => one.type === type);
}

const role = ({ metadata }: IstioObject) => metadata.name.split('-').at(-2);
const good = plan(snapshot(), CREATED).desired;

describe('the plan for a new policy', () => {
  test('closes before it opens: guard, allow list, then the keys', () => {
    expect(plan(snapshot(), CREATED).apply.map(role)).toEqual(['deny', 'allow', 'jwt']);
  });

  test('sets strict mTLS first and permissive mTLS last', () => {
    const roles = (mtls: string) => plan(snapshot({ policy: policyOf({ ...SPEC, mtls }) }), CREATED).apply.map(role);
    expect(roles('Strict')).toEqual(['mtls', 'deny', 'allow', 'jwt']);
    expect(roles('Permissive')).toEqual(['deny', 'allow', 'jwt', 'mtls']);
  });

  test('puts the question to the guard before all else, and takes it away after all else', () => {
    const asking = policyOf({ ...SPEC, revocation: { check: 'EveryHop' } });
    const { desired } = plan(snapshot({ policy: asking, mesh: MESH }), CREATED);
    expect(desired.map(role)).toEqual(['check', 'deny', 'allow', 'jwt']);
    const { apply, remove } = plan(snapshot({ owned: desired }), LATER);
    expect([apply.map(role), remove.length]).toEqual([['allow'], 1]);
  });

  test('has a Gateway verify tokens before a rule asks for their claims, and no longer only when none does', () => {
    const edge = (allow: object, issuers = ['platform']) => ({
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }],
      revocation: { check: 'Edge' },
      ...{ issuers, rules: [{ name: 'all', allow }] },
    });
    const [open, asking] = [edge({ public: true }), edge({ authenticated: true })].map((spec) => policyOf(spec));
    const changed = (from = policyOf(SPEC), to = from) => {
      const owned = plan(snapshot({ policy: from, mesh: MESH }), CREATED).desired;
      return plan(snapshot({ policy: to, mesh: MESH, owned }), LATER).apply.map(role);
    };
    expect(changed(open, asking)).toEqual(['jwt', 'deny', 'allow']);
    expect(changed(asking, open)).toEqual(['deny', 'allow', 'jwt']);
    // Who is trusted from now on must not meet the old rules.
    const wider = policyOf(edge({ authenticated: true }, ['platform', 'corporate']));
    expect(changed(open, wider)).toEqual(['deny', 'allow', 'jwt']);
  });

  test('is Programmed only after it was executed', () => {
    const planned = plan(snapshot(), CREATED);
    expect(condition(planned, 'Accepted')).toMatchObject({ status: 'True', reason: 'Accepted' });
    expect(condition(planned, 'Programmed')).toMatchObject({ status: 'False', reason: 'Pending' });
    const status = programmed(planned, { ok: true }, CREATED);
    expect(condition({ status }, 'Programmed')).toMatchObject({ status: 'True', reason: 'Programmed' });
  });

  test('says what went wrong when execution failed', () => {
    const status = programmed(plan(snapshot(), CREATED), { ok: false, message: 'forbidden' }, CREATED);
    expect(condition({ status }, 'Programmed')).toMatchObject({
      status: 'False',
      reason: 'ApplyFailed',
      message: 'forbidden',
    });
  });

  test('refuses a trust domain with a wildcard, in which callers of any mesh would match', () => {
    expect(() => plan(snapshot({ mesh: { trustDomain: '*', rootNamespace: 'istio-system' } }), CREATED)).toThrow(
      PolicyError,
    );
  });
});

describe('the status', () => {
  const status = programmed(plan(snapshot(), CREATED), { ok: true }, CREATED);
  const settled = snapshot({ owned: good, policy: { ...policyOf(SPEC), status } });

  test('of a settled policy does not change with time', () => {
    expect(statusEquals(plan(settled, LATER).status, status)).toBe(true);
  });

  test('moves no transition time while a repair leaves the policy Programmed', () => {
    const repair = plan({ ...settled, owned: good.slice(1) }, LATER);
    expect(statusEquals(programmed(repair, { ok: true }, LATER), status)).toBe(true);
  });

  test('moves the transition time when the status moves, in whole seconds', () => {
    const next = plan({ ...settled, policy: { ...policyOf(BROKEN), status } }, LATER);
    expect(condition({ status }, 'Accepted')?.lastTransitionTime).toBe('2026-02-03T04:05:06Z');
    expect(condition(next, 'Accepted')?.lastTransitionTime).toBe('2026-02-03T05:00:00Z');
  });

  test('keeps conditions that belong to somebody else', () => {
    const foreign = {
      type: 'Reviewed',
      status: 'Unknown' as const,
      reason: 'X',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const policy = { ...policyOf(SPEC), status: { conditions: [foreign] } };
    expect(plan(snapshot({ policy }), LATER).status.conditions).toContainEqual(foreign);
  });

  test('reports the workloads when they are known, and keeps the last count while they are not', () => {
    const workloads = { selected: 2, labels: [{ app: 'bucket' }], proxies: [] };
    const surroundings = { workloads, services: [], foreign: [] };
    const { status: counted } = plan(snapshot({ surroundings }), CREATED);
    expect(counted.workloads).toEqual({ selected: 2 });
    const later = plan(snapshot({ policy: { ...policyOf(SPEC), status: counted } }), LATER);
    expect(later.status).toMatchObject({ workloads: { selected: 2 }, conditions: [{}, {}, {}, { type: 'Warning' }] });
    expect(plan(snapshot(), CREATED).status.workloads).toBeUndefined();
  });
});

describe('a generated object', () => {
  const edited = (change: (object: IstioObject) => IstioObject) => {
    const owned = good.map((object) => (role(object) === 'allow' ? change(object) : object));
    return plan(snapshot({ owned }), LATER).apply.map(role);
  };

  test('that the API server decorated is left alone', () => {
    const decorated = edited((object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        uid: 'u',
        generation: 7,
        labels: { ...object.metadata.labels, 'argocd.argoproj.io/instance': 'shop' },
        annotations: { ...object.metadata.annotations, 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
    }));
    expect(decorated).toEqual([]);
  });

  test.each<[string, (object: IstioObject) => IstioObject]>([
    ['whose rules were edited', (object) => ({ ...object, spec: { ...object.spec, rules: [{}] } })],
    ['that got another field', (object) => ({ ...object, spec: { ...object.spec, targetRefs: [] } })],
    ['that lost its label', ({ metadata, ...rest }) => ({ ...rest, metadata: { ...metadata, labels: {} } })],
    ['that lost its owner', ({ metadata, ...rest }) => ({ ...rest, metadata: { ...metadata, ownerReferences: [] } })],
    [
      'that was switched to dry-run',
      ({ metadata, ...rest }) => ({
        ...rest,
        metadata: { ...metadata, annotations: { ...metadata.annotations, 'istio.io/dry-run': 'true' } },
      }),
    ],
    [
      'that was moved to another revision of Istio',
      ({ metadata, ...rest }) => ({
        ...rest,
        metadata: { ...metadata, labels: { ...metadata.labels, 'istio.io/rev': 'none' } },
      }),
    ],
  ])('%s is written again', (_what, change) => {
    expect(edited(change)).toEqual(['allow']);
  });

  test('that was deleted is written again', () => {
    expect(plan(snapshot({ owned: good.slice(1) }), LATER).apply).toHaveLength(1);
  });
});

describe('a policy that does not compile', () => {
  const broken = policyOf(BROKEN);

  test('denies everything when it never was good, and opens again by removing the lock last', () => {
    const locked = plan(snapshot({ policy: broken }), CREATED);
    expect(locked.apply).toMatchObject([{ spec: { action: 'DENY', rules: [{}] } }]);
    const mended = plan(snapshot({ owned: locked.desired }), LATER);
    expect(mended.apply.map(role)).toEqual(['deny', 'allow', 'jwt']);
    expect(mended.remove).toMatchObject([{ name: locked.apply[0]?.metadata.name }]);
  });

  test('is not locked when its last good objects are whole, and loses a lock that is left over', () => {
    const lock = plan(snapshot({ policy: broken }), CREATED).desired;
    const kept = plan(snapshot({ policy: broken, owned: [...good, ...lock] }), LATER);
    expect(kept.apply).toEqual([]);
    expect(kept.remove).toHaveLength(1);
  });

  test('is locked when a last good object was edited, for nothing is left to restore it from', () => {
    const owned = good.map((object) => ({ ...object, spec: { ...object.spec, extra: true } }));
    expect(plan(snapshot({ policy: broken, owned }), LATER).apply.map(role)).toEqual(['lock']);
  });

  test('has its last good objects freed from a dry-run that somebody switched on', () => {
    const annotations = { 'istio.io/dry-run': 'true' };
    const owned = good.map(({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
    }));
    const kept = plan(snapshot({ policy: broken, owned }), LATER);
    expect(kept.apply).toHaveLength(good.length);
    expect(JSON.stringify(kept.desired)).not.toContain('dry-run');
    expect(condition(kept, 'Programmed')).toMatchObject({ reason: 'LastGoodKept' });
  });

  test('stays locked, and does not write what it cannot mend again and again', () => {
    const owned = good.slice(1);
    const first = plan(snapshot({ policy: broken, owned }), LATER);
    expect(plan(snapshot({ policy: broken, owned: first.desired }), LATER)).toMatchObject({ apply: [], remove: [] });
  });

  test('keeps its question to the guard when the provider vanishes, which then denies, and never writes it anew', () => {
    const policy = policyOf({ ...SPEC, revocation: { check: 'EveryHop' } });
    const owned = plan(snapshot({ policy, mesh: MESH }), CREATED).desired;
    const gone = plan(snapshot({ policy, owned }), LATER);
    expect(gone).toMatchObject({ apply: [], remove: [] });
    expect(condition(gone, 'Accepted')).toMatchObject({ status: 'False', reason: 'ProviderMissing' });
    const never = plan(snapshot({ policy }), LATER);
    expect(never.apply.map(role)).toEqual(['lock']);
  });

  test('keeps its lock when its selector becomes unreadable', () => {
    const { desired } = plan(snapshot({ policy: broken }), CREATED);
    expect(plan(snapshot({ policy: policyOf({ rules: 3 }), owned: desired }), LATER)).toMatchObject({
      apply: [],
      remove: [],
    });
  });

  test('says so when not even the selector can be read', () => {
    const unreadable = plan(snapshot({ policy: policyOf({ rules: 3 }) }), CREATED);
    expect(unreadable.desired).toEqual([]);
    expect(condition(unreadable, 'Programmed')).toMatchObject({ status: 'False', reason: 'NothingProgrammed' });
  });

  test('stays unprogrammed after a successful execution', () => {
    const status = programmed(plan(snapshot({ policy: broken }), CREATED), { ok: true }, CREATED);
    expect(condition({ status }, 'Programmed')).toMatchObject({ status: 'False', reason: 'DenyAll' });
  });
});

describe('issuers', () => {
  const [platform, corporate] = issuerStates();
  const reasons = (spec: object, issuers: Snapshot['issuers']) =>
    condition(plan(snapshot({ policy: policyOf({ ...SPEC, ...spec }), issuers }), CREATED), 'Accepted')?.reason;

  test('that do not exist are named', () => {
    expect(reasons({ issuers: ['nowhere'] }, issuerStates())).toBe('IssuerNotFound');
    expect(reasons({ issuers: undefined }, [])).toBe('IssuerNotFound');
  });

  test('without keys are waited for', () => {
    const keyless = platform && { issuer: platform.issuer };
    expect(reasons({}, keyless === undefined ? [] : [keyless])).toBe('IssuerNotReady');
  });

  test('that are invalid are not used, whatever keys are known', () => {
    const invalid = platform && { ...platform, issuer: { ...platform.issuer, spec: { issuer: '*' } } };
    expect(reasons({}, invalid === undefined ? [] : [invalid])).toBe('IssuerNotReady');
  });

  test('may not share one iss', () => {
    const spec = { issuer: 'https://one.example', jwksUri: 'https://one.example/jwks.json' };
    const twins = [platform, corporate].flatMap((state) =>
      state === undefined ? [] : [{ ...state, issuer: { ...state.issuer, spec } }],
    );
    expect(reasons({ issuers: ['platform', 'corporate'] }, twins)).toBe('Invalid');
  });
});
