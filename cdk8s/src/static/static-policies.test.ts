import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ISSUER_KIND, POLICY_KIND, parseJwks, plan, type ServiceAuthPolicySpec } from '@sekisho/policy';
import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { AuthenticatedService } from '../authenticated-service.ts';
import { type Manifest, toYaml } from '../kubernetes.ts';
import { renderPlatform } from '../platform.ts';
import { renderShop } from '../shop.ts';
import { KEY_SET } from '../testing/key-set.ts';
import { TokenIssuer } from '../token-issuer.ts';
import { StaticPolicies, type StaticPoliciesProps } from './static-policies.ts';

const issuer = 'https://auth.example';
const CUSTOM: readonly string[] = [POLICY_KIND, ISSUER_KIND];
const jwks = { platform: KEY_SET };
const meshConfig = parse(readFileSync(join(import.meta.dirname, '../../../istio/mesh-config.yaml'), 'utf8'));

const addIssuer = (chart: Chart) =>
  new TokenIssuer(chart, 'issuer', {
    name: 'platform',
    spec: { issuer, jwksUri: `${issuer}/.well-known/jwks.json`, default: true },
  });

function addService(chart: Chart, name: string, policy: Partial<ServiceAuthPolicySpec> = {}) {
  const rules: ServiceAuthPolicySpec['rules'] = [{ name: 'all', allow: { authenticated: true } }];
  return new AuthenticatedService(chart, name, {
    name,
    namespace: 'team',
    policy: { mtls: 'Strict', rules, ...policy },
    deployment: false,
  });
}

/** A chart with an issuer and the service `notes`, and what else is asked for. */
function synthesized(props: StaticPoliciesProps, build: (chart: Chart) => unknown = () => undefined) {
  const chart = Testing.chart();
  new StaticPolicies(chart, 'static', props);
  addIssuer(chart);
  addService(chart, 'notes');
  build(chart);
  return Testing.synth(chart) as readonly Manifest[];
}

const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);
const nameOf = ({ kind, metadata }: Manifest) => `${kind}/${metadata.name}`;

test('a shop without the operator is what was reviewed', async () => {
  const { manifests } = renderShop({ target: 'cluster', static: { issuer, jwks: KEY_SET } });
  await expect(toYaml(manifests)).toMatchFileSnapshot('../testdata/shop-static.yaml');
});

test('in place of each policy stands what the operator applies for it', () => {
  const { manifests } = renderShop({ target: 'local', static: { issuer, jwks: KEY_SET } });
  const policies = renderShop({ target: 'local' }).manifests.filter(({ kind }) => kind === 'ServiceAuthPolicy');
  const keys = parseJwks(KEY_SET);
  if (!keys.ok) throw new Error('the key set is none');
  const [platform] = renderPlatform({ issuer }).manifests.filter(({ kind }) => kind === ISSUER_KIND);
  if (platform === undefined) throw new Error('the platform has no issuer');
  const issuers = [{ issuer: platform, jwks: keys.value }];
  const mesh = { trustDomain: 'cluster.local', rootNamespace: 'istio-system' };
  const applied = policies.flatMap((policy) => {
    const near = policies.filter((other) => other !== policy);
    return plan({ policy, rivals: near, namesakes: [], issuers, owned: [], mesh }, new Date(0)).apply;
  });
  expect(policies).toHaveLength(4);
  const compiled = manifests.filter(({ apiVersion }) => apiVersion === 'security.istio.io/v1');
  expect(compiled.map(nameOf)).toEqual(applied.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  expect(compiled.map(({ spec }) => spec)).toEqual(applied.map(({ spec }) => spec));
});

test('nothing is left that only an operator reads, unless somebody else reads it', () => {
  expect(kinds(synthesized({ jwks })).filter((kind) => CUSTOM.includes(kind))).toEqual([]);
  const kept = kinds(synthesized({ jwks, customResources: true }));
  expect(kept).toEqual(expect.arrayContaining([...CUSTOM, 'RequestAuthentication', 'AuthorizationPolicy']));
});

test('every way to synthesize gives the same, and again the same', () => {
  const app = Testing.app();
  const chart = new Chart(app, 'team');
  addIssuer(chart);
  addService(chart, 'notes');
  new StaticPolicies(app, 'static', { jwks });
  app.synth();
  const written = readFileSync(join(app.outdir, 'team.k8s.yaml'), 'utf8');
  const read = (text: string) => parseAllDocuments(text).map((document) => document.toJS());
  expect(read(written)).toEqual(Testing.synth(chart));
  expect(read(app.synthYaml())).toEqual(Testing.synth(chart));
  expect(kinds(read(written))).toContain('RequestAuthentication');
});

test('an issuer in one chart is that of policies in others', () => {
  const app = Testing.app();
  new StaticPolicies(app, 'static', { jwks });
  addIssuer(new Chart(app, 'platform'));
  const chart = new Chart(app, 'team');
  addService(chart, 'notes');
  expect(kinds(Testing.synth(chart))).toContain('RequestAuthentication');
});

test('charts of two clusters have keys of their own', () => {
  const app = Testing.app();
  const charts = ['eu', 'us'].map((name) => {
    const chart = new Chart(app, name);
    const keys = KEY_SET.keys.map((key) => ({ ...key, kid: name }));
    new StaticPolicies(chart, 'static', { jwks: { platform: { keys } } });
    addIssuer(chart);
    addService(chart, 'notes');
    return chart;
  });
  const [eu = '', us = ''] = charts.map((chart) => JSON.stringify(Testing.synth(chart)));
  expect(eu).toContain('\\"kid\\":\\"eu\\"');
  expect(eu).not.toContain('\\"kid\\":\\"us\\"');
  expect(us).toContain('\\"kid\\":\\"us\\"');
});

test('a policy that has the guard asked is compiled for the mesh that is described', () => {
  const revocation = { check: 'EveryHop' } as const;
  const manifests = synthesized({ jwks, meshConfig, trustDomain: 'mesh.example' }, (chart) => {
    const callers = [{ namespace: 'team', serviceAccount: 'front' }];
    addService(chart, 'orders', { revocation, rules: [{ name: 'front', allow: { callers } }] });
  });
  const text = JSON.stringify(manifests);
  expect(text).toContain('"provider":{"name":"sekisho-hop"}');
  expect(text).toContain('mesh.example/ns/team/sa/front');
});

test('what was said of the manifest of a policy counts, and what waits for it waits for its objects', () => {
  const chart = Testing.chart();
  const manifest = (id: string) =>
    new ApiObject(chart, id, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id } });
  const after = manifest('after');
  new StaticPolicies(chart, 'static', { jwks });
  addIssuer(chart);
  const policy = addService(chart, 'notes').node.findAll().find(isPolicy);
  if (policy === undefined) throw new Error('there is no policy');
  policy.addJsonPatch(JsonPatch.replace('/spec/mtls', 'Permissive'));
  after.addDependency(policy);
  policy.addDependency(manifest('before'));
  const manifests: readonly Manifest[] = Testing.synth(chart);
  const [peers] = manifests.filter(({ kind }) => kind === 'PeerAuthentication');
  expect(peers?.['spec']).toMatchObject({ mtls: { mode: 'PERMISSIVE' } });
  const order = manifests.map(({ apiVersion, metadata }) => (apiVersion === 'v1' ? metadata.name : apiVersion));
  expect(order.lastIndexOf('security.istio.io/v1')).toBeLessThan(order.indexOf('after'));
  expect(order.indexOf('before')).toBeLessThan(order.indexOf('security.istio.io/v1'));
});

const isPolicy = (one: unknown): one is ApiObject => ApiObject.isApiObject(one) && one.kind === 'ServiceAuthPolicy';

describe('nothing is synthesized, and the field is named, where', () => {
  test.each<[string, StaticPoliciesProps, string, string, (chart: Chart) => unknown]>([
    ['keys are missing', {}, 'policy_invalid', 'team/notes: TokenIssuer platform has no keys', () => {}],
    [
      'keys are of nobody',
      { jwks: { ...jwks, other: KEY_SET } },
      'static_invalid',
      'jwks.other: there is no',
      () => {},
    ],
    ['keys are none', { jwks: { platform: { keys: [] } } }, 'static_invalid', 'jwks.platform.keys: ', () => {}],
    [
      'a key is private',
      { jwks: { platform: { keys: [{ ...KEY_SET.keys[0], d: 'secret-looking' }] } } },
      'static_invalid',
      'jwks.platform.keys[0]: is a private',
      () => {},
    ],
    ['the trust domain is none', { jwks, trustDomain: 'A/B' }, 'static_invalid', 'trustDomain: not', () => {}],
    [
      'the mesh config is none',
      { jwks, meshConfig: { extensionProviders: 'all' } },
      'static_invalid',
      'meshConfig: extensionProviders: ',
      () => {},
    ],
    [
      'a guard is asked that nobody knows',
      { jwks },
      'policy_invalid',
      'team/orders: spec.revocation.check: ',
      (chart) => addService(chart, 'orders', { revocation: { check: 'EveryHop' } }),
    ],
    [
      'two policies select the same',
      { jwks },
      'policy_invalid',
      'spec.selector',
      (chart) =>
        new ApiObject(chart, 'raw', {
          apiVersion: 'auth.sekisho.dev/v1alpha1',
          kind: 'ServiceAuthPolicy',
          metadata: { name: 'other', namespace: 'team' },
          ...{
            spec: { selector: { matchLabels: { app: 'notes' } }, rules: [{ name: 'all', allow: { public: true } }] },
          },
        }),
    ],
    [
      'policies are compiled twice',
      { jwks },
      'static_invalid',
      'leave one out',
      (chart) => new StaticPolicies(chart, 'again', { jwks }),
    ],
  ])('%s', (_, props, code, told, build) => {
    const failed = expect.objectContaining({ code, message: expect.stringContaining(told) });
    expect(() => synthesized(props, build)).toThrow(failed);
    expect(() => synthesized(props, build)).not.toThrow('secret-looking');
  });

  test('there is nothing to compile', () => {
    const chart = Testing.chart();
    new StaticPolicies(chart, 'static', { jwks });
    addIssuer(chart);
    expect(() => Testing.synth(chart)).toThrow('there is no ServiceAuthPolicy below test');
  });

  test('a policy comes after the others were compiled', () => {
    const chart = Testing.chart();
    new StaticPolicies(chart, 'static', { jwks });
    addIssuer(chart);
    addService(chart, 'notes');
    Testing.synth(chart);
    addService(chart, 'orders');
    expect(() => Testing.synth(chart)).toThrow('orders/policy/policy was added after');
  });
});
