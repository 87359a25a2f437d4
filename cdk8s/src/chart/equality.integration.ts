import { afterAll, describe, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import type { Manifest } from '../kubernetes.ts';
import { PLATFORM_NAMESPACE, type PlatformOptions, renderPlatform } from '../platform.ts';
import { installed } from './platform-tree.ts';
import { Helm } from './testing/helm.ts';

const helm = new Helm(inject('helm'));
afterAll(() => helm.close());

const issuer = 'https://auth.example.org';
const bootstrapAdminEmail = 'administrator@example.org';
const edge = {};
const base = { target: 'cluster', issuer } as const;
const routesFrom = ['shop', 'staging'];

interface Profile {
  readonly name: string;
  readonly values: object;
  readonly options: PlatformOptions;
  /** What people bring themselves. */
  readonly left?: RegExp;
}

const PUBLIC = /^(Namespace\/istio-ingress|Gateway\/public)$/;
const GATEWAYS = /^(Namespace\/istio-(ingress|edge)|Gateway\/)/;
const publicGateway = { create: true, routesFrom };
const guard = { enabled: false };
const auth = { bootstrapAdminEmail };

const PROFILES: readonly Profile[] = [
  { name: 'defaults', values: {}, options: { ...base, edge, routesFrom: [] }, left: PUBLIC },
  {
    name: 'a first administrator and routes',
    values: { auth, edgeGateway: { routesFrom }, publicGateway },
    options: { ...base, edge, routesFrom, bootstrapAdminEmail },
  },
  { name: 'no guard', values: { guard, publicGateway }, options: { ...base, routesFrom } },
  {
    name: 'no guard, a first administrator',
    values: { guard, auth, publicGateway },
    options: { ...base, routesFrom, bootstrapAdminEmail },
  },
  {
    name: 'a gateway that is there',
    values: { edgeGateway: { create: false } },
    options: { ...base, edge },
    left: GATEWAYS,
  },
];

const template = (values: object, namespace = PLATFORM_NAMESPACE) =>
  helm.template(['--namespace', namespace, '--values', '-'], stringify({ issuer, ...values }));

const identify = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

/** By kind and name, without what only Helm adds. */
function comparable(manifests: readonly Manifest[]): Record<string, unknown> {
  return Object.fromEntries(manifests.map((one) => [identify(one), withoutHelm(one)]));
}

function withoutHelm(manifest: Manifest): unknown {
  const {
    labels = {},
    annotations = {},
    ...metadata
  } = manifest.metadata as Manifest['metadata'] & {
    readonly annotations?: Readonly<Record<string, string>>;
  };
  const own = Object.entries(labels).filter(([key]) => !/^(app\.kubernetes\.io|helm\.sh)\//.test(key));
  const left = Object.entries(annotations).filter(([key]) => !key.startsWith('helm.sh/'));
  const named = { ...metadata, ...(own.length > 0 && { labels: Object.fromEntries(own) }) };
  return { ...manifest, metadata: { ...named, ...(left.length > 0 && { annotations: Object.fromEntries(left) }) } };
}

describe('what Helm renders is what cdk8s renders', () => {
  test.each(PROFILES)('with $name', async ({ values, options, left }) => {
    const expected = installed(renderPlatform(options).manifests).filter((one) => !left?.test(identify(one)));
    const plain: readonly Manifest[] = JSON.parse(JSON.stringify(expected));
    expect(comparable(await template(values))).toEqual(comparable(plain));
  });
});

test('in another namespace nothing names the usual one', async () => {
  const manifests = await template({ auth }, 'elsewhere');
  expect(manifests.length).toBeGreaterThan(20);
  expect(JSON.stringify(manifests)).not.toContain(PLATFORM_NAMESPACE);
});
