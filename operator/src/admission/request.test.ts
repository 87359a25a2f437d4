import { describe, expect, test } from 'vitest';
import { type AdmissionRequest, readReview } from './request.ts';

const request: AdmissionRequest = {
  uid: 'u1',
  kind: { group: 'auth.sekisho.dev', version: 'v1alpha1', kind: 'ServiceAuthPolicy' },
  name: 'bucket',
  operation: 'CREATE',
  object: {},
};
const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };

describe('readReview', () => {
  test('takes a review of version v1, with fields that it does not know', () => {
    expect(readReview(JSON.stringify({ ...review, request: { ...request, dryRun: true } }))).toMatchObject(request);
  });

  test.each([
    ['text', 'x'],
    ['nothing', ''],
    ['another kind', JSON.stringify({ ...review, kind: 'Pod' })],
    ['an older version', JSON.stringify({ ...review, apiVersion: 'admission.k8s.io/v1beta1' })],
    ['no request', JSON.stringify({ ...review, request: undefined })],
    ['an unknown operation', JSON.stringify({ ...review, request: { ...request, operation: 'PROXY' } })],
    ['a uid of any length', JSON.stringify({ ...review, request: { ...request, uid: 'u'.repeat(200) } })],
  ])('takes not %s', (_, text) => {
    expect(readReview(text)).toBeUndefined();
  });
});
