import { describe, expect, test } from 'vitest';
import type { RawObject } from '../resources.ts';
import { issuerStates, policyOf } from '../testing/arbitraries.ts';
import { plan } from './plan.ts';
import { programmed } from './status.ts';
import type { Snapshot } from './types.ts';

const NOW = new Date('2026-02-03T04:05:06Z');
const SPEC = {
  selector: { matchLabels: { app: 'bucket' } },
  issuers: ['platform'],
  rules: [{ name: 'read', allow: { permissions: { anyOf: ['bucket:read'] } } }],
};
const ELSEWHERE = { matchLabels: { app: 'elsewhere' } };

function snapshot(policy: RawObject, more: Partial<Snapshot> = {}): Snapshot {
  return {
    policy,
    rivals: [],
    namesakes: [],
    issuers: issuerStates(),
    owned: [],
    mesh: { trustDomain: 'cluster.local', rootNamespace: 'istio-system' },
    ...more,
  };
}

function aged(name: string, creationTimestamp: string): RawObject['metadata'] {
  return { ...policyOf(SPEC, name).metadata, creationTimestamp };
}

const owned = plan(snapshot(policyOf(SPEC)), NOW).desired;

/** A younger policy for the workload that the older one was programmed for. */
function successor(spec: object = SPEC): RawObject {
  const policy = policyOf(spec, 'successor');
  const younger = { ...policy, metadata: { ...policy.metadata, creationTimestamp: '2026-01-02T00:00:00Z' } };
  return { ...younger, status: programmed(plan(snapshot(younger), NOW), { ok: true }, NOW) };
}

describe('a refused policy that no longer selects the workload of its last good objects', () => {
  const moved = [
    ['elsewhere', { ...SPEC, selector: ELSEWHERE, rules: [] }],
    ['nowhere that can be read', { ...SPEC, selector: 'app=bucket' }],
  ] as const;

  test.each(moved)('(but %s) keeps them while nobody else is programmed for it', (_where, spec) => {
    const pending = { ...successor(), status: {} };
    const { desired, remove } = plan(snapshot(policyOf(spec), { owned, rivals: [pending] }), NOW);
    expect(desired).toHaveLength(owned.length);
    expect(remove).toEqual([]);
  });

  test.each(moved)('(but %s) lets go of them once another is, for two allow lists would add up', (_where, spec) => {
    const { desired, remove } = plan(snapshot(policyOf(spec), { owned, rivals: [successor()] }), NOW);
    expect(remove).toHaveLength(owned.length);
    expect(JSON.stringify(desired)).not.toContain('bucket:read');
    expect(desired.every(({ spec: { selector } }) => JSON.stringify(selector) === JSON.stringify(ELSEWHERE))).toBe(
      true,
    );
  });

  test('keeps them when the other is programmed for a part of the workloads', () => {
    const part = successor({ ...SPEC, selector: { matchLabels: { app: 'bucket', version: 'v2' } } });
    const { remove } = plan(snapshot(policyOf(moved[0][1]), { owned, rivals: [part] }), NOW);
    expect(remove).toEqual([]);
  });
});

describe('policies whose selections only may meet', () => {
  const CROSSING = { matchLabels: { tier: 'backend' } };
  const older = { ...successor({ ...SPEC, selector: CROSSING }), metadata: aged('older', '2025-12-31T00:00:00Z') };

  test('leave the younger its objects from before, for the older one closes only a part of their workloads', () => {
    const { desired, apply, remove, status } = plan(snapshot(policyOf(SPEC), { owned, rivals: [older] }), NOW);
    expect(status.conditions?.[0]).toMatchObject({ reason: 'Conflicted', message: expect.stringContaining('older') });
    expect([desired.length, apply, remove]).toEqual([owned.length, [], []]);
  });

  test('let the younger write no lock, whatever becomes of its objects', () => {
    for (const held of [[], owned.slice(1), owned.slice(0, 1)]) {
      const broken = policyOf({ ...SPEC, rules: [] });
      expect(plan(snapshot(broken, { owned: held, rivals: [older] }), NOW).apply).toEqual([]);
    }
  });

  test('let a damaged one lock what it selects now, not what an older one governs by now', () => {
    const moved = policyOf({ ...SPEC, selector: { matchLabels: { tier: 'front' } }, rules: [] });
    const { apply } = plan(snapshot(moved, { owned: owned.slice(1), rivals: [older] }), NOW);
    expect(apply).toMatchObject([{ spec: { action: 'DENY', selector: { matchLabels: { tier: 'front' } } } }]);
  });

  test('leave a lock that is there already', () => {
    const lock = plan(snapshot(policyOf({ ...SPEC, rules: [] })), NOW).desired;
    const unreadable = policyOf({ ...SPEC, selector: 'app=bucket' });
    expect(plan(snapshot(unreadable, { owned: lock, rivals: [older] }), NOW)).toMatchObject({ apply: [], remove: [] });
  });

  test('let the younger hand its objects over to whoever is programmed for all of their workloads', () => {
    const { remove } = plan(snapshot(policyOf(SPEC), { owned, rivals: [older, successor()] }), NOW);
    expect(remove).toHaveLength(owned.length);
  });
});
