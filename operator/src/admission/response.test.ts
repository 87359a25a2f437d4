import type { Problem } from '@sekisho/policy';
import { describe, expect, test } from 'vitest';
import type { AdmissionRequest } from './request.ts';
import { reviewOf } from './response.ts';

const request: AdmissionRequest = {
  uid: 'u1',
  kind: { group: 'auth.sekisho.dev', version: 'v1alpha1', kind: 'ServiceAuthPolicy' },
  name: 'bucket',
  operation: 'CREATE',
  object: {},
};
const problem = (path: string): Problem => ({ path, code: 'UnknownField', message: 'unknown field', hint: 'drop it' });
const advice = (path: string) => ({ path, message: 'is wide', hint: 'narrow it' });

describe('reviewOf', () => {
  test('lists each problem as a cause with its field, as the API server does itself', () => {
    const answer = reviewOf(request, { allowed: false, problems: [problem('spec.a'), problem('spec.b')] });
    const causes = ['spec.a', 'spec.b'].map((field) => ({
      reason: 'FieldValueNotSupported',
      message: 'unknown field; drop it',
      field,
    }));
    expect(answer).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: 'u1',
        allowed: false,
        status: {
          status: 'Failure',
          code: 422,
          reason: 'Invalid',
          message: 'spec.a: unknown field; drop it | spec.b: unknown field; drop it',
          details: { kind: 'ServiceAuthPolicy', group: 'auth.sekisho.dev', name: 'bucket', causes },
        },
      },
    });
  });

  test('says nothing where there is nothing to say', () => {
    expect(reviewOf(request, { allowed: true, advice: [] })).toMatchObject({ response: { uid: 'u1', allowed: true } });
  });

  test('keeps warnings within what the API server hands on', () => {
    const many = Array.from({ length: 20 }, (_, index) => advice(`spec.rules[${index}]`));
    const answer = reviewOf(request, { allowed: true, advice: [advice(`spec.${'x'.repeat(500)}`), ...many] });
    const { warnings } = (answer as { response: { warnings: string[] } }).response;
    expect(warnings).toHaveLength(17);
    expect(warnings.at(1)).toBe('spec.rules[0] is wide; narrow it');
    expect(warnings.at(-1)).toBe('and 5 more');
    expect(Math.max(...warnings.map((warning) => warning.length))).toBe(256);
  });
});
