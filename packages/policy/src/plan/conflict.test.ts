import { describe, expect, test } from 'vitest';
import type { RawObject } from '../resources.ts';
import { governor } from './conflict.ts';

function policy(name: string, created: string, matchLabels: Record<string, string>): RawObject {
  const creationTimestamp = `2026-01-01T00:00:0${created}Z`;
  return { metadata: { name, namespace: 'shop', creationTimestamp }, spec: { selector: { matchLabels } } };
}

const nameOf = (found: RawObject | undefined) => found?.metadata.name;

describe('the policy that governs a workload', () => {
  const bucket = { app: 'bucket' };

  test('is the older of two with the same selector', () => {
    const [older, younger] = [policy('b', '1', bucket), policy('a', '2', bucket)];
    expect(nameOf(governor(younger, [older]))).toBe('b');
    expect(governor(older, [younger])).toBeUndefined();
  });

  test('is the first by name among policies of the same second', () => {
    const [a, b] = [policy('a', '1', bucket), policy('b', '1', bucket)];
    expect(nameOf(governor(b, [a]))).toBe('a');
    expect(governor(a, [b])).toBeUndefined();
  });

  test.each([
    ['wider', { app: 'bucket', version: 'v1' }, bucket],
    ['narrower', bucket, { app: 'bucket', version: 'v1' }],
  ])('may have the %s selector', (_what, own, rival) => {
    expect(nameOf(governor(policy('own', '2', own), [policy('rival', '1', rival)]))).toBe('rival');
  });

  test.each([
    ['other values', { app: 'user' }],
    ['other labels, where no label tells whether both select one pod', { tier: 'backend' }],
  ])('is not one with %s', (_what, labels) => {
    expect(governor(policy('own', '2', bucket), [policy('rival', '1', labels)])).toBeUndefined();
  });

  test('is not one that is itself in conflict', () => {
    const first = policy('first', '1', { a: '1' });
    const second = policy('second', '2', { a: '1', b: '1' });
    const third = policy('third', '3', { b: '1' });
    expect(nameOf(governor(second, [first, third]))).toBe('first');
    expect(governor(third, [second, first])).toBeUndefined();
  });

  test('may select the proxies of a Gateway that this one targets, or the other way round', () => {
    const label = 'gateway.networking.k8s.io/gateway-name';
    const targeting = (name: string, created: string, ...gateways: readonly string[]) => ({
      ...policy(name, created, {}),
      spec: {
        targetRefs: gateways.map((gateway) => ({ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: gateway })),
      },
    });
    const selecting = policy('label', '1', { [label]: 'public' });
    expect(nameOf(governor(targeting('own', '2', 'private', 'public'), [selecting]))).toBe('label');
    expect(nameOf(governor(policy('own', '3', { [label]: 'public' }), [targeting('a', '1', 'public')]))).toBe('a');
    expect(nameOf(governor(targeting('own', '3', 'x', 'y'), [targeting('a', '1', 'y')]))).toBe('a');
    expect(governor(targeting('own', '3', 'x'), [targeting('a', '1', 'y'), selecting])).toBeUndefined();
  });

  test('may be broken, as long as its selector can be read', () => {
    const broken = { ...policy('broken', '1', bucket), spec: { selector: { matchLabels: bucket }, rulez: 3 } };
    const unreadable = { ...policy('unreadable', '1', bucket), spec: { selector: 'app=bucket' } };
    expect(nameOf(governor(policy('own', '2', bucket), [unreadable, broken]))).toBe('broken');
  });
});
