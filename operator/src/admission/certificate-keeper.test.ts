import { X509Certificate } from 'node:crypto';
import { FakeClock } from '@sekisho/kube/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { ObjectApi } from '../testing/object-api.ts';
import { CertificateKeeper } from './certificate-keeper.ts';
import type { Generation } from './generation.ts';
import { LIFETIME_MS, RENEW_BEFORE_MS } from './rotation.ts';

const SECRET = '/api/v1/namespaces/sekisho-system/secrets/sekisho-webhook';
const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/sekisho';
const host = 'sekisho-operator.sekisho-system.svc';
const checkMs = 30_000;
const SETTLE_MS = 10 * checkMs;
const signal = new AbortController().signal;

let api: ObjectApi;
let clock: FakeClock;

beforeEach(() => {
  api = new ObjectApi();
  clock = new FakeClock();
  api.put(SECRET, secret({}));
  const webhooks = ['a', 'b'].map((name) => ({ name, clientConfig: { url: 'https://example' }, sideEffects: 'None' }));
  const metadata = { name: 'sekisho' };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  api.put(CONFIGURATION, { apiVersion, kind: 'ValidatingWebhookConfiguration', metadata, webhooks });
});

function secret(data: Record<string, string>) {
  const metadata = { name: 'sekisho-webhook', namespace: 'sekisho-system' };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
}

function replica() {
  const served: Generation[] = [];
  const keeper = new CertificateKeeper({
    client: api.client(),
    clock,
    random: () => 0.5,
    host,
    secret: { namespace: 'sekisho-system', name: 'sekisho-webhook' },
    configuration: 'sekisho',
    checkMs,
    onCertificate: (generation) => served.push(generation),
    onError: (error) => {
      throw error;
    },
  });
  return { keeper, served, check: () => keeper.check(signal) };
}

/** The authorities in the configuration; the same under each webhook. */
function trusted(): readonly string[] {
  const webhooks = api.objects.get(CONFIGURATION)?.['webhooks'] as { clientConfig: { caBundle?: string } }[];
  const bundles = new Set(webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? ''));
  expect(bundles.size).toBe(1);
  const text = Buffer.from([...bundles].join(''), 'base64').toString('utf8');
  const found = text.match(/-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n/g) ?? [];
  expect(found.join('')).toBe(text);
  return found;
}

/** Whether the API server would take what a replica serves. */
function isTrusted({ keeper }: ReturnType<typeof replica>): boolean {
  const leaf = new X509Certificate(keeper.current?.certificate ?? '');
  return trusted().some((pem) => leaf.verify(new X509Certificate(pem).publicKey));
}

async function advance(ms: number): Promise<void> {
  await clock.advance(ms);
}

describe('the first start', () => {
  test('fills the Secret, has it trusted, and serves it at once', async () => {
    const one = replica();
    await one.check();
    expect(isTrusted(one)).toBe(true);
    expect(api.writes).toEqual([`PUT ${SECRET}`, `PATCH ${CONFIGURATION}`]);
  });

  test('creates the Secret where there is none', async () => {
    api.objects.delete(SECRET);
    const one = replica();
    await one.check();
    expect(api.writes[0]).toBe(`POST ${SECRET}`);
    expect(isTrusted(one)).toBe(true);
  });

  test('of several replicas comes to one certificate', async () => {
    const replicas = [replica(), replica(), replica()];
    await Promise.all(replicas.map(({ check }) => check()));
    expect(new Set(replicas.map(({ keeper }) => keeper.current?.certificate)).size).toBe(1);
    expect(trusted()).toHaveLength(1);
    expect(api.writes.filter((write) => write.endsWith(SECRET))).toHaveLength(1);
  });

  test('takes what is no certificate for nothing', async () => {
    const rubbish = Buffer.from('rubbish').toString('base64');
    api.put(SECRET, secret({ '1.ca.crt': rubbish, '1.tls.crt': rubbish, '1.tls.key': rubbish }));
    const one = replica();
    await one.check();
    expect(isTrusted(one)).toBe(true);
    expect(Object.keys(api.objects.get(SECRET)?.['data'] as object)).toHaveLength(3);
  });

  test('serves nothing that could not be told to the API server', async () => {
    api.objects.delete(CONFIGURATION);
    const one = replica();
    await expect(one.check()).rejects.toMatchObject({ code: 'not_found' });
    expect(one.keeper.current).toBeUndefined();
  });
});

describe('afterwards', () => {
  test('nothing is written while nothing is due', async () => {
    const one = replica();
    await one.check();
    const { length } = api.writes;
    await advance(LIFETIME_MS - RENEW_BEFORE_MS - 1);
    await one.check();
    await replica().check();
    expect(api.writes).toHaveLength(length);
    expect(one.served).toHaveLength(1);
  });

  test('a bundle that somebody emptied is put back', async () => {
    const one = replica();
    await one.check();
    const held = api.objects.get(CONFIGURATION);
    if (held === undefined) throw new Error('no configuration');
    const webhooks = ['a', 'b'].map((name) => ({ name, clientConfig: { url: 'https://example' } }));
    api.put(CONFIGURATION, { ...held, webhooks });
    await one.check();
    expect(isTrusted(one)).toBe(true);
  });
});

describe('rotation', () => {
  const DUE_MS = LIFETIME_MS - RENEW_BEFORE_MS;

  test('trusts the new authority first, serves its certificate later, and drops the old one last', async () => {
    const one = replica();
    await one.check();
    const [first] = trusted();

    await advance(DUE_MS);
    await one.check();
    expect(one.served).toHaveLength(1);
    expect(trusted()).toEqual([first, expect.any(String)]);

    await advance(SETTLE_MS);
    await one.check();
    expect(one.served).toHaveLength(2);
    expect(trusted()).toHaveLength(2);

    await advance(SETTLE_MS);
    await one.check();
    expect(one.served).toHaveLength(2);
    expect(trusted()).toHaveLength(1);
    expect(trusted()).not.toContain(first);
  });

  test('never has a replica serve what is not trusted, whenever each of them looks', async () => {
    const replicas = [replica(), replica(), replica()];
    await Promise.all(replicas.map(({ check }) => check()));
    await advance(DUE_MS);
    for (let step = 0; step < 75; step += 1) {
      await replicas[step % 3]?.check();
      expect(replicas.map(isTrusted)).toEqual([true, true, true]);
      await advance(checkMs / 3);
    }
    expect(replicas.map(({ served }) => served.length)).toEqual([2, 2, 2]);
    expect(trusted()).toHaveLength(1);
  });

  test('happens when the Secret is emptied: that is how a person replaces a key', async () => {
    const one = replica();
    await one.check();
    await advance(1_000);
    api.put(SECRET, secret({}));
    await one.check();
    expect([one.served.length, trusted().length]).toEqual([1, 2]);
    await advance(SETTLE_MS);
    await one.check();
    expect([one.served.length, isTrusted(one)]).toEqual([2, true]);
    await advance(SETTLE_MS);
    await one.check();
    expect(trusted()).toHaveLength(1);
  });

  test('goes on when the operator was away for longer than a certificate lives', async () => {
    await replica().check();
    await advance(LIFETIME_MS + 1);
    const later = replica();
    await later.check();
    expect(isTrusted(later)).toBe(true);
    expect(trusted()).toHaveLength(1);
  });

  test('waits while the API server cannot be told, and serves on what it has', async () => {
    const one = replica();
    await one.check();
    await advance(DUE_MS);
    api.beforeWrite = (path) => {
      if (path === CONFIGURATION) throw new Error('refused');
    };
    await expect(one.check()).rejects.toThrow('refused');
    await advance(5 * SETTLE_MS);
    await expect(one.check()).rejects.toThrow('refused');
    expect(one.served).toHaveLength(1);
    expect(isTrusted(one)).toBe(true);
  });
});
