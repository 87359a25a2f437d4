import { MAX_REGIONS, REGION_NAME_PATTERN, WITHOUT_GLOBAL, WITHOUT_LOCAL } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import type { Manifest } from './kubernetes.ts';
import { type PlatformOptions, renderPlatform } from './platform.ts';
import * as own from './region.ts';

const issuer = 'https://auth.example';
const region = { name: 'eu', all: ['us', 'eu'] } as const;
const rendered = (options: Partial<PlatformOptions> = {}) => renderPlatform({ issuer, edge: {}, ...options }).manifests;

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: unknown;
}

interface Deployment {
  readonly template: {
    readonly spec: { readonly containers: readonly { readonly env: readonly Variable[] }[]; readonly volumes: unknown };
  };
}

function deployment(manifests: readonly Manifest[], name: string): Deployment {
  const found = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);
  if (found === undefined) throw new Error(`no Deployment ${name}`);
  return found['spec'] as Deployment;
}

function environment(manifests: readonly Manifest[], name: string): Readonly<Record<string, unknown>> {
  const [container] = deployment(manifests, name).template.spec.containers;
  return Object.fromEntries((container?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
}

const fromSecret = (name: string, key: string) => ({ secretKeyRef: { name, key } });

test('names and choices are those that the processes know', () => {
  expect([own.REGION_NAME, own.MAX_REGIONS]).toEqual([REGION_NAME_PATTERN, MAX_REGIONS]);
  expect([own.WITHOUT_GLOBAL, own.WITHOUT_LOCAL]).toEqual([WITHOUT_GLOBAL, WITHOUT_LOCAL]);
});

describe('with a region', () => {
  test.each([
    ['auth', 'sekisho-auth'],
    ['sekisho-guard', 'sekisho-guard'],
  ])('%s is told of it, and of the global store by its Secret', (name, secret) => {
    expect(environment(rendered({ region }), name)).toMatchObject({
      ...{ REGION: 'eu', REGIONS: 'us,eu', GLOBAL_REDIS_URL: fromSecret(secret, 'global-redis-url') },
      ...{ REGION_MAX_STALENESS_SECONDS: '900', SESSIONS_WITHOUT_GLOBAL: 'local', SESSIONS_WITHOUT_LOCAL: 'global' },
    });
  });

  test('the auth service alone has the key of sessions, as a file, and a replica where there is one', () => {
    const manifests = rendered({ region });
    expect(environment(manifests, 'auth')).toMatchObject({
      SESSION_KEY_FILE: '/var/run/secrets/sekisho/session-key',
    });
    expect(environment(manifests, 'auth')).not.toHaveProperty('DATABASE_READ_URL');
    expect(JSON.stringify(deployment(manifests, 'auth').template.spec.volumes)).toContain('"key":"session-key"');
    expect(JSON.stringify(deployment(manifests, 'sekisho-guard'))).not.toContain('session-key');
    expect(environment(rendered({ region: { ...region, databaseReplica: true } }), 'auth')).toMatchObject({
      DATABASE_READ_URL: fromSecret('sekisho-auth', 'database-read-url'),
      DATABASE_REPLICA_MAX_AGE_SECONDS: '3600',
    });
    const hasty = { ...region, databaseReplica: true, databaseReplicaMaxAgeSeconds: 600 };
    expect(environment(rendered({ region: hasty }), 'auth')).toMatchObject({ DATABASE_REPLICA_MAX_AGE_SECONDS: '600' });
  });

  test('both reach the global store, and nobody else does', () => {
    const globalRedis = { to: [{ ipBlock: { cidr: '10.8.0.0/28' } }], ports: [6399] };
    const reaching = (options: Partial<PlatformOptions>) =>
      rendered({ network: { globalRedis }, ...options })
        .filter(({ kind, spec }) => kind === 'NetworkPolicy' && JSON.stringify(spec).includes('6399'))
        .map(({ metadata }) => metadata.name);
    expect(reaching({ region })).toEqual(['auth', 'sekisho-guard']);
    expect(reaching({})).toEqual([]);
  });
});

test('the first one begins alone', () => {
  expect(environment(rendered({ region: { name: 'us', all: ['us'] } }), 'auth')).toMatchObject({ REGIONS: 'us' });
});

test('without one nothing is told of regions', () => {
  const text = JSON.stringify(rendered());
  for (const word of ['REGION', 'GLOBAL_REDIS', 'SESSIONS_WITHOUT', 'SESSION_KEY', 'DATABASE_READ']) {
    expect(text).not.toContain(word);
  }
});

describe('a region that its processes would refuse is refused', () => {
  test.each<[string, Partial<PlatformOptions>]>([
    ['lower case', { region: { name: 'EU', all: ['EU', 'us'] } }],
    ['each once', { region: { name: 'eu', all: ['eu', 'eu'] } }],
    ['at most 16', { region: { name: 'r0', all: Array.from({ length: 17 }, (_, index) => `r${index}`) } }],
    ['must name eu', { region: { name: 'eu', all: ['us', 'asia'] } }],
    ['10 to 86400', { region: { ...region, maxStalenessSeconds: 1.5 } }],
    ['60 to 86400', { region: { ...region, databaseReplicaMaxAgeSeconds: 59 } }],
  ])('%s', (message, options) => {
    const refused = expect.objectContaining({ code: 'platform_invalid', message: expect.stringContaining(message) });
    expect(() => rendered(options)).toThrow(refused);
  });
});
