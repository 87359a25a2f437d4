import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RawObject } from '../resources.ts';
import { governor } from './conflict.ts';
import { mayMeet, selectionOf } from './selection.ts';

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
    ['crossing', bucket, { tier: 'backend' }],
    ['crossing, by a label named like a member of every object,', { constructor: 'x' }, { tier: 'backend' }],
    ['partly shared', { app: 'bucket', zone: 'a' }, { app: 'bucket', tier: 'backend' }],
  ])('may have the %s selector', (_what, own, rival) => {
    expect(nameOf(governor(policy('own', '2', own), [policy('rival', '1', rival)]))).toBe('rival');
  });

  test.each([
    ['another value', { app: 'user' }],
    ['another value of one of its labels', { app: 'user', tier: 'backend' }],
  ])('is not one with %s', (_what, labels) => {
    expect(governor(policy('own', '2', bucket), [policy('rival', '1', labels)])).toBeUndefined();
  });

  test('is not one that is itself in conflict', () => {
    const first = policy('first', '1', { a: '1' });
    const second = policy('second', '2', { b: '1' });
    const third = policy('third', '3', { a: '2', b: '1' });
    expect(nameOf(governor(second, [first, third]))).toBe('first');
    expect(governor(third, [second, first])).toBeUndefined();
  });

  test('is one in conflict whose objects from before are still in force', () => {
    const first = policy('first', '1', { a: '1' });
    const status = { objects: [{ kind: 'AuthorizationPolicy', name: 'second-allow' }] };
    const second = { ...policy('second', '2', { b: '1' }), status };
    const third = policy('third', '3', { a: '2', b: '1' });
    expect(nameOf(governor(second, [first, third]))).toBe('first');
    expect(nameOf(governor(third, [second, first]))).toBe('second');
  });

  test('leaves no workload to two policies, and none of its rivals without a reason', () => {
    const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), { minKeys: 1 });
    fc.assert(
      fc.property(fc.array(labels, { minLength: 2, maxLength: 8 }), (selections) => {
        const all = selections.map((matchLabels, index) => policy(`p${index}`, `${index}`, matchLabels));
        const governorOf = (one: RawObject) =>
          governor(
            one,
            all.filter((other) => other !== one),
          );
        const governing = all.filter((one) => governorOf(one) === undefined);
        const meets = (one: RawObject, other: RawObject) =>
          mayMeet(selectionOf(one.spec)?.matchLabels ?? {}, selectionOf(other.spec)?.matchLabels ?? {});
        for (const one of all) {
          const expected = governing.find((other) => other !== one && meets(one, other));
          expect(governorOf(one)).toBe(governing.includes(one) ? undefined : expected);
          if (governing.includes(one)) expect(expected).toBeUndefined();
        }
      }),
    );
  });

  test('may be broken, as long as its selector can be read', () => {
    const broken = { ...policy('broken', '1', bucket), spec: { selector: { matchLabels: bucket }, rulez: 3 } };
    const unreadable = { ...policy('unreadable', '1', bucket), spec: { selector: 'app=bucket' } };
    expect(nameOf(governor(policy('own', '2', bucket), [unreadable, broken]))).toBe('broken');
  });
});
