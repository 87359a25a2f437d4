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
    issuers: issuerStates(),
    owned: [],
    mesh: { trustDomain: 'cluster.local', rootNamespace: 'istio-system' },
    ...more,
  };
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
