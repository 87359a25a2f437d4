import { describe, expect, test } from 'vitest';
import { parseServiceAuthPolicy } from '../parse/service-auth-policy.ts';
import type { IstioObject, RawObject } from '../resources.ts';
import { MESH, policyOf } from '../testing/arbitraries.ts';
import type { Mesh } from './capability.ts';
import type { Surroundings } from './surroundings.ts';
import { warningsOf } from './warnings.ts';

const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';
const SPEC = { selector: { matchLabels: { app: 'bucket' } }, rules: [{ name: 'r', allow: { authenticated: true } }] };
const CALLERS = [{ name: 'r', allow: { callers: [{ namespace: 'shop', serviceAccount: 'user' }] } }];
const ASKING = { ...SPEC, revocation: { check: 'EveryHop' } };
const STRICT = { mtls: { mode: 'STRICT' } };

interface Around extends Partial<Surroundings> {
  readonly spec?: object;
  readonly mesh?: Mesh;
}

function reasons({ spec = SPEC, mesh = MESH, ...around }: Around): readonly string[] {
  const policy = parseServiceAuthPolicy(policyOf(spec));
  if (!policy.ok) throw new Error(JSON.stringify(policy.problems));
  const workloads = { selected: 1, labels: [{ app: 'bucket', tier: 'backend' }], proxies: [] };
  return warningsOf(policy.value, mesh, { workloads, services: [], foreign: [], ...around }).map(
    ({ reason }) => reason,
  );
}

function istio(kind: IstioObject['kind'], spec: object, metadata: Partial<IstioObject['metadata']> = {}): IstioObject {
  const named = { name: 'x', namespace: 'shop', ...metadata };
  return { apiVersion: 'security.istio.io/v1', kind, metadata: named, spec: { ...spec } };
}

const service = (selector: object, ...ports: readonly object[]): RawObject => ({
  metadata: { name: 'bucket', namespace: 'shop' },
  spec: { selector, ports },
});

test('a policy that fits its mesh brings no warning', () => {
  expect(reasons({ services: [service({ app: 'bucket' }, { name: 'http', port: 80 })] })).toEqual([]);
});

test('a selector that matches nothing is told', () => {
  expect(reasons({ workloads: { selected: 0, labels: [], proxies: [] } })).toEqual(['NoWorkloads']);
});

describe('a port of a Service', () => {
  test.each<[object, boolean]>([
    [{ name: 'http', port: 80 }, false],
    [{ name: 'http-api', port: 80 }, false],
    [{ name: 'GRPC-web-x', port: 80 }, false],
    [{ name: 'api', port: 80, appProtocol: 'kubernetes.io/h2c' }, false],
    [{ name: 'dns', port: 53, protocol: 'UDP' }, false],
    [{ port: 80 }, true],
    [{ name: 'https', port: 443 }, true],
    [{ name: 'httpx', port: 80 }, true],
    [{ name: 'http', port: 80, appProtocol: 'tcp' }, true],
  ])('that is %j is told as not declared HTTP: %j', (port, told) => {
    expect(reasons({ services: [service({ app: 'bucket' }, port)] })).toEqual(told ? ['PortNotHttp'] : []);
  });

  test('that does not reach the workloads is none of this policy', () => {
    expect(reasons({ services: [service({ app: 'user' }, { port: 80 }), service({}, { port: 80 })] })).toEqual([]);
  });
});

describe('among policies of others', () => {
  const told = (foreign: IstioObject, spec: object = SPEC) => reasons({ spec, foreign: [foreign] });
  const rules = [{}];
  const custom = (name: string) => istio('AuthorizationPolicy', { action: 'CUSTOM', rules, provider: { name } });
  const elsewhere = { selector: { matchLabels: { app: 'user' } } };
  const here = { selector: { matchLabels: { tier: 'backend' } } };
  const dryRun = { annotations: { 'istio.io/dry-run': 'true' } };

  test.each<[string, IstioObject]>([
    ['an ALLOW for the namespace', istio('AuthorizationPolicy', { rules })],
    ['an ALLOW for the mesh', istio('AuthorizationPolicy', { rules }, { namespace: 'istio-system' })],
    ['an ALLOW for some of the workloads', istio('AuthorizationPolicy', { rules, ...here })],
  ])('%s is told', (_what, foreign) => {
    expect(told(foreign)).toEqual(['ForeignAllow']);
  });

  test.each<[string, IstioObject]>([
    ['an ALLOW in dry-run', istio('AuthorizationPolicy', { rules }, dryRun)],
    ['an ALLOW of nothing', istio('AuthorizationPolicy', {})],
    ['a DENY', istio('AuthorizationPolicy', { action: 'DENY', rules })],
    ['an ALLOW for others', istio('AuthorizationPolicy', { rules, ...elsewhere })],
    ['an ALLOW for a Gateway', istio('AuthorizationPolicy', { rules, targetRefs: [{ name: 'public' }] })],
    ['a provider, where the guard is not asked', custom('x')],
  ])('%s is not told', (_what, foreign) => {
    expect(told(foreign)).toEqual([]);
  });

  test('another verifier of tokens is told', () => {
    expect(told(istio('RequestAuthentication', here))).toEqual(['ForeignRequestAuthentication']);
  });

  test('another provider is told where the guard is asked too', () => {
    expect(told(custom('x'), ASKING)).toEqual(['ForeignProvider']);
    expect(told(custom('sekisho-hop'), ASKING)).toEqual([]);
  });

  test('those for the same Gateway are told', () => {
    const ref = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' };
    const workloads = { selected: 1, labels: [{ [GATEWAY_LABEL]: 'public' }], proxies: [] };
    const front = (...targetRefs: readonly object[]) => {
      const foreign = [istio('AuthorizationPolicy', { rules, targetRefs })];
      return reasons({ spec: { targetRefs: [ref], rules: SPEC.rules }, workloads, foreign });
    };
    expect(front(ref)).toContain('ForeignAllow');
    expect(front({ ...ref, name: 'other' })).not.toContain('ForeignAllow');
  });
});

describe('rules with callers', () => {
  const spec = { ...SPEC, rules: CALLERS };
  const workload = istio('PeerAuthentication', { ...STRICT, selector: { matchLabels: { app: 'bucket' } } });
  const permissive = istio('PeerAuthentication', { mtls: { mode: 'PERMISSIVE' } });
  const mesh = istio('PeerAuthentication', STRICT, { namespace: 'istio-system' });

  test.each<[string, readonly IstioObject[], boolean]>([
    ['no setting at all', [], true],
    ['a strict namespace', [istio('PeerAuthentication', STRICT)], false],
    ['a strict mesh', [mesh], false],
    ['a permissive namespace in a strict mesh', [permissive, mesh], true],
    ['a strict workload in a permissive namespace', [permissive, workload], false],
    ['an unset namespace in a strict mesh', [istio('PeerAuthentication', {}), mesh], false],
  ])('under %s', (_what, foreign, told) => {
    expect(reasons({ spec, foreign })).toEqual(told ? ['PlaintextCallers'] : []);
  });

  test('under the mode of the policy itself', () => {
    expect(reasons({ spec: { ...spec, mtls: 'Strict' } })).toEqual([]);
    expect(reasons({ spec: { ...spec, mtls: 'Permissive' }, foreign: [workload] })).toEqual(['PlaintextCallers']);
  });
});

describe('a mesh config', () => {
  const meshed = (changed: object): Mesh => (MESH.config ? { ...MESH, config: { ...MESH.config, ...changed } } : MESH);
  const paths = { ...SPEC, rules: [{ name: 'r', to: [{ paths: ['/a'] }], allow: { authenticated: true } }] };
  const providers = [{ name: 'sekisho-hop', failOpen: false }];

  test.each<[string, object, Mesh, string]>([
    [
      'of another trust domain',
      { ...SPEC, mtls: 'Strict', rules: CALLERS },
      meshed({ trustDomain: 'x' }),
      'MeshSettingsDiffer',
    ],
    ['that leaves paths as they are', paths, meshed({ normalizesPaths: false }), 'PathsNotNormalized'],
    ['whose provider has no timeout', ASKING, meshed({ providers }), 'ProviderWithoutTimeout'],
  ])('%s is told', (_what, spec, mesh, expected) => {
    expect(reasons({ spec, mesh })).toEqual([expected]);
  });

  test('that is not known is no reason to warn', () => {
    expect(reasons({ spec: paths, mesh: { trustDomain: 'cluster.local', rootNamespace: 'istio-system' } })).toEqual([]);
  });
});
