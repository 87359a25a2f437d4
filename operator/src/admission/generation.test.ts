import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { issueCertificate } from './certificate.ts';
import { covers, nextGeneration, readGeneration } from './generation.ts';

const now = Date.UTC(2026, 0, 1);
const lifetimeMs = 90 * 24 * 3600_000;
const host = 'sekisho-operator.sekisho-system.svc';

describe('a generation', () => {
  test('is valid from a little before now until its lifetime is over', async () => {
    const { certificate, createdAt, expiresAt } = await nextGeneration({ host, now, lifetimeMs });
    expect([createdAt, expiresAt]).toEqual([now, now + lifetimeMs]);
    expect(new X509Certificate(certificate).validFromDate.getTime()).toBeLessThan(now);
  });

  test('covers its host and no other', async () => {
    const byName = await nextGeneration({ host, now, lifetimeMs });
    expect([host, `${host}.cluster.local`, '127.0.0.1'].map((each) => covers(byName, each))).toEqual([
      true,
      false,
      false,
    ]);
    const byAddress = await nextGeneration({ host: '127.0.0.1', now, lifetimeMs });
    expect(['127.0.0.1', '127.0.0.2'].map((each) => covers(byAddress, each))).toEqual([true, false]);
  });

  test('comes from an authority that may sign servers only of this one certificate', async () => {
    const { authority, certificate } = await issueCertificate({ host, now, lifetimeMs });
    const [ca, leaf] = [new X509Certificate(authority), new X509Certificate(certificate)];
    expect([ca.ca, leaf.ca, leaf.checkIssued(ca)]).toEqual([true, false, true]);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(leaf.subjectAltName).toBe(`DNS:${host}`);
  });
});

describe('readGeneration', () => {
  test('takes only files that belong together', async () => {
    const [one, other] = await Promise.all([1, 2].map(() => issueCertificate({ host, now, lifetimeMs })));
    if (one === undefined || other === undefined) throw new Error('not issued');
    expect(readGeneration(one)).toBeDefined();
    expect(readGeneration({ ...one, authority: other.authority })).toBeUndefined();
    expect(readGeneration({ ...one, key: other.key })).toBeUndefined();
    expect(readGeneration({ ...one, certificate: one.authority })).toBeUndefined();
    expect(readGeneration({ ...one, key: 'no key' })).toBeUndefined();
    expect(readGeneration({ authority: '', certificate: '', key: '' })).toBeUndefined();
  });
});
