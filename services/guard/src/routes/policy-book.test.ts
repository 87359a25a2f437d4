import type { KubeObject } from '@sekisho/kube';
import { generateSigningKey, toJwks } from '@sekisho/tokens';
import { beforeEach, describe, expect, test } from 'vitest';
import { edgePolicy, issuer, policy } from '../testing/objects.ts';
import { PolicyBook } from './policy-book.ts';

const [jwks, nextJwks] = [toJwks([await generateSigningKey()]), toJwks([await generateSigningKey()])];
const PLATFORM = { issuer: issuer('platform', { issuer: 'https://auth.example', jwks, default: true }), jwks };
const APP = { app: 'bucket' };
const broken = policy('bucket', { issuers: ['nobody'] });

let book: PolicyBook;

beforeEach(() => {
  book = new PolicyBook('cluster.local');
});

const update = (...policies: readonly KubeObject[]) => book.update(policies, [PLATFORM]);
const governing = (labels: Readonly<Record<string, string>> = APP, namespace = 'shop') => {
  const found = book.governing(namespace, labels);
  return found.state === 'ready' ? found.policy.name : found.state;
};

describe('the policy of a workload', () => {
  test('is sought in its namespace, by the labels of its Service', () => {
    update(
      policy('bucket'),
      policy('user'),
      policy('bucket', { service: 'files' }, { namespace: 'other', uid: 'other' }),
    );
    expect(governing()).toBe('shop/bucket');
    expect(governing({ app: 'user', tier: 'api' })).toBe('shop/user');
    expect(governing({ app: 'file' })).toBe('none');
    expect(governing({})).toBe('none');
    expect(governing(APP, 'nowhere')).toBe('none');
  });

  test('is never one for a Gateway', () => {
    update(edgePolicy());
    expect(governing({}, 'istio-ingress')).toBe('none');
    expect(book.ready()).toEqual([]);
  });

  test('that contradicts a label of the Service is none, though it shares another', () => {
    update(policy('bucket', { selector: { matchLabels: { app: 'bucket', track: 'canary' } } }));
    expect(governing({ app: 'bucket', track: 'stable' })).toBe('none');
    expect(governing({ track: 'canary' })).toBe('shop/bucket');
  });

  test('is not another one because its own cannot be decided by: the older governs, in order or not', () => {
    update(broken, policy('young', { selector: { matchLabels: APP } }, { creationTimestamp: '2026-02-01T00:00:00Z' }));
    expect(governing()).toBe('unready');
  });
});

describe('what is ready', () => {
  test('is made once, as long as neither the policy nor an issuer changes', () => {
    const bucket = policy('bucket');
    update(bucket);
    const [first] = book.ready();
    update(bucket, policy('user'));
    expect(book.ready()[0]).toBe(first);
    book.update([bucket], [{ ...PLATFORM, jwks: nextJwks }]);
    expect(book.ready()[0]).not.toBe(first);
  });

  test('stays as it last stood while the policy is refused, and goes with the policy', () => {
    update(policy('bucket', { service: 'storage' }));
    update(broken);
    expect(book.ready().map(({ service }) => service)).toEqual(['storage']);
    update();
    update(broken);
    expect(book.ready()).toEqual([]);
    expect(governing()).toBe('unready');
  });

  test('stays while the keys of its issuer are away, and is not there before they were', () => {
    book.update([policy('bucket')], [{ issuer: PLATFORM.issuer }]);
    expect(governing()).toBe('shop/bucket');
    const fetched = issuer('platform', {
      issuer: 'https://auth.example',
      jwksUri: 'https://auth.example/jwks',
      default: true,
    });
    const later = new PolicyBook('cluster.local');
    later.update([policy('bucket')], [{ issuer: fetched }]);
    expect(later.governing('shop', APP)).toEqual({ state: 'unready', name: 'shop/bucket' });
    later.update([policy('bucket')], [{ issuer: fetched, jwks }]);
    later.update([policy('bucket')], [{ issuer: fetched }]);
    expect(later.governing('shop', APP).state).toBe('ready');
  });
});
