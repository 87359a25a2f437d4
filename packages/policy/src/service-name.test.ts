import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RawObject } from './resources.ts';
import { newServiceDispute, serviceDispute, serviceHolders, serviceNames } from './service-name.ts';

const workload = { selector: { matchLabels: { app: 'a' } } };
const gateway = { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }] };

interface Written {
  readonly at?: number;
  readonly spec?: object;
  /** Name of the service that objects are in force for. */
  readonly inForce?: string;
}

function policy(key: string, { at = 1, spec = workload, inForce }: Written = {}): RawObject {
  const [namespace = '', name = ''] = key.split('/');
  const objects = [{ kind: 'AuthorizationPolicy', name: 'allow' }];
  return {
    metadata: { namespace, name, creationTimestamp: `2026-01-01T00:00:0${at}Z` },
    spec,
    ...(inForce !== undefined && { status: { service: inForce, objects } }),
  };
}

const keyOf = ({ metadata }: RawObject) => `${metadata.namespace}/${metadata.name}`;
const holders = (...policies: readonly RawObject[]) =>
  Object.fromEntries([...serviceHolders(policies)].map(([name, holder]) => [name, keyOf(holder)]));

describe('the name of a service', () => {
  test('is the name of its policy, or the one that the policy gives it', () => {
    expect(holders(policy('shop/bucket'), policy('shop/b', { spec: { ...workload, service: 'user' } }))).toEqual({
      bucket: 'shop/bucket',
      user: 'shop/b',
    });
  });

  test('belongs to the older policy, then to the first by namespace and name, and to one that is not stored last', () => {
    const bucket = { spec: { ...workload, service: 'bucket' } };
    expect(holders(policy('b/bucket', { at: 2 }), policy('c/x', { ...bucket, at: 1 }))).toEqual({ bucket: 'c/x' });
    expect(holders(policy('b/bucket'), policy('a/x', bucket))).toEqual({ bucket: 'a/x' });
    expect(holders({ metadata: { namespace: 'a', name: 'bucket' }, spec: workload }, policy('b/bucket'))).toEqual({
      bucket: 'b/bucket',
    });
  });

  test('stays where it is in force, also against an older policy that comes to ask for it', () => {
    const old = policy('intruder/old', { at: 1, spec: { ...workload, service: 'bucket' }, inForce: 'old' });
    const held = policy('shop/bucket', { at: 2, inForce: 'bucket' });
    expect(holders(old, held)).toEqual({ bucket: 'shop/bucket', old: 'intruder/old' });
    expect(serviceDispute(old, [held])).toMatchObject({
      path: 'spec.service',
      code: 'NameTaken',
      message: expect.stringContaining('shop/bucket'),
    });
    expect(serviceDispute(held, [old])).toBeUndefined();
  });

  test('is not free while its objects are in force, whatever the policy asks for by now', () => {
    const renamed = policy('shop/bucket', { at: 1, spec: { ...workload, service: 'files' }, inForce: 'bucket' });
    const heir = policy('other/bucket', { at: 2 });
    expect(serviceNames(renamed)).toEqual(['files', 'bucket']);
    expect(serviceDispute(heir, [renamed])).toMatchObject({ code: 'NameTaken' });
    expect(serviceDispute(heir, [{ ...renamed, status: { service: 'files', objects: [] } }])).toBeUndefined();
  });

  test('of two that both have it in force belongs to the older', () => {
    const [older, younger] = [
      policy('b/bucket', { inForce: 'bucket' }),
      policy('a/bucket', { at: 2, inForce: 'bucket' }),
    ];
    expect(holders(younger, older)).toEqual({ bucket: 'b/bucket' });
    expect(serviceDispute(younger, [older])).toMatchObject({ code: 'NameTaken' });
  });

  test('may be shared by the policies of one namespace', () => {
    const second = policy('shop/second', { at: 2, spec: { ...workload, service: 'bucket' } });
    expect(serviceDispute(second, [policy('shop/bucket')])).toBeUndefined();
  });

  test('means nothing at a Gateway, which nobody mints tokens for', () => {
    const edges = [policy('a/edge', { spec: gateway, inForce: 'edge' }), policy('b/edge', { spec: gateway })];
    expect(holders(...edges)).toEqual({});
    expect(serviceDispute(policy('shop/edge', { at: 2 }), edges)).toBeUndefined();
    expect(serviceDispute(policy('b/edge', { at: 2, spec: gateway }), [policy('shop/edge')])).toBeUndefined();
  });

  test('goes to one namespace whatever the order of the policies, and to one that asks for it or has it', () => {
    const written = fc.record({
      key: fc.constantFrom('a/x', 'a/y', 'b/x', 'b/y', 'c/x'),
      at: fc.integer({ min: 1, max: 3 }),
      inForce: fc.constantFrom(undefined, 'x', 'y'),
    });
    const some = fc.uniqueArray(written, { selector: ({ key }) => key, maxLength: 5 });
    const policies = some.map((all) =>
      all.map(({ key, at, inForce }) => policy(key, { at, ...(inForce !== undefined && { inForce }) })),
    );
    fc.assert(
      fc.property(policies, fc.nat(), (all, turn) => {
        const turned = all.map((_, index) => all[(index + turn) % all.length] ?? policy('a/x'));
        expect(holders(...turned)).toEqual(holders(...all));
        for (const [name, holder] of serviceHolders(all)) expect(serviceNames(holder)).toContain(name);
        const undisputed = all.filter(
          (one) =>
            serviceDispute(
              one,
              all.filter((other) => other !== one),
            ) === undefined,
        );
        const asking = new Set(undisputed.map(({ metadata }) => `${metadata.name} ${metadata.namespace}`));
        expect(asking.size).toBe(new Set(undisputed.map(({ metadata }) => metadata.name)).size);
      }),
    );
  });
});

describe('a change that asks for a name', () => {
  const held = policy('shop/bucket', { at: 2 });
  const asking = policy('intruder/old', { at: 1, spec: { ...workload, service: 'bucket' } });

  test('is refused although the policy is older: it asks only now', () => {
    expect(newServiceDispute(asking, policy('intruder/old'), [held])).toMatchObject({ code: 'NameTaken' });
    expect(newServiceDispute(asking, policy('intruder/old', { spec: gateway }), [held])).toBeDefined();
    expect(newServiceDispute(asking, null, [held])).toBeDefined();
  });

  test('is not looked at where the policy asked for it before', () => {
    expect(newServiceDispute(asking, asking, [held])).toBeUndefined();
  });

  test('may take back a name that is still in force', () => {
    const back = policy('shop/bucket', { at: 1, inForce: 'bucket' });
    const before = policy('shop/bucket', { spec: { ...workload, service: 'files' } });
    expect(newServiceDispute(back, before, [policy('other/bucket', { at: 1 })])).toBeUndefined();
  });
});
