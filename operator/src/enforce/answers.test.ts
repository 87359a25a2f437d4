import { LABEL } from '@sekisho/policy';
import { describe, expect, test } from 'vitest';
import { generatedIn } from './answers.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const metadata = {
  name: 'bucket-jwt',
  namespace: 'shop',
  uid: 'u1',
  generation: 1,
  labels: { [LABEL.policy]: 'bucket' },
};

describe('of an element of configz', () => {
  test('only what identifies the object is kept: its spec would be held for every policy at once', () => {
    const element = { kind: 'RequestAuthentication', metadata: { ...metadata, resourceVersion: '7' }, spec: { a: 1 } };
    expect(generatedIn(bytes(element))).toEqual({ kind: 'RequestAuthentication', metadata });
    const annotated = { ...metadata, annotations: { 'istio.io/dry-run': 'true' } };
    expect(generatedIn(bytes({ kind: 'K', metadata: annotated }))).toEqual({ kind: 'K', metadata: annotated });
  });

  test('what only mentions the label, and what has another shape, is no generated object', () => {
    expect(generatedIn(bytes({ kind: 'K', metadata: {}, spec: { text: LABEL.policy } }))).toBeUndefined();
    expect(generatedIn(bytes({ kind: 'K', metadata: { ...metadata, generation: '1' } }))).toBeUndefined();
    expect(() => generatedIn(Buffer.from(`{${LABEL.policy}`))).toThrow('no JSON');
  });
});
