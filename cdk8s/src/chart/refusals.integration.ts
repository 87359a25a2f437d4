import { afterAll, describe, expect, inject, test } from 'vitest';
import { CHART, Helm, profileFile } from './testing/helm.ts';

const helm = new Helm(inject('helm'));
afterAll(() => helm.close());

const minimal = ['--values', profileFile('minimal')] as const;
const shared = 'publicGateway.create=true,publicGateway.routesFrom={shop}';
const attempt = (...args: readonly string[]) => helm.try(['template', 'sekisho', CHART, ...minimal, ...args]);

describe('a value that is wrong is refused by its name', () => {
  test.each([
    ['auth.replica=3', "at '/auth': additional properties 'replica' not allowed"],
    ['guards.enabled=true', "additional properties 'guards' not allowed"],
    ['issuer=auth.example.org', "at '/issuer'"],
    ['auth.replicas=two', "at '/auth/replicas': got string, want integer"],
    ['edgeGateway.routesFrom[0]=Shop', "at '/edgeGateway/routesFrom/0'"],
    ['guard.image.digest=latest', "at '/guard/image/digest'"],
    ['images.pullPolicy=never', "at '/images/pullPolicy'"],
    ['guard.loginPath=/login?next=/', "at '/guard/loginPath'"],
    ['auth.bootstrapAdminEmail=admin', "at '/auth/bootstrapAdminEmail'"],
    ['issuer=', 'issuer is empty. It is the `iss` of every token'],
    ['publicGateway.create=true', 'publicGateway.routesFrom is empty'],
    ['monitoring.interval=often', "at '/monitoring/interval'"],
    ['monitoring.runbooks=wiki', "at '/monitoring/runbooks'"],
    ['auth.trustedProxies={10.0.0.0/8,gateway}', "at '/auth/trustedProxies/1'"],
    ['auth.trustedProxies={0.0.0.0/0}', "at '/auth/trustedProxies/0'"],
    ['traces.endpoint=otel-collector:4318', "at '/traces/endpoint'"],
    ['traces.endpoint=http://user:secret@collector:4318', "at '/traces/endpoint'"],
    ['traces.sampler=always_on', "at '/traces/sampler'"],
    ['network.traces.ports={4318}', "additional properties 'traces' not allowed"],
    ['auth.podLabels.app=other', "at '/auth/podLabels/app': false schema"],
    ['redis.podLabels.app=other', "at '/redis/podLabels/app': false schema"],
    [
      'guard.podLabels.sidecar\\.istio\\.io/inject=true',
      "at '/guard/podLabels/sidecar.istio.io~1inject': false schema",
    ],
    ['monitoring.labels.helm\\.sh/chart=x', "at '/monitoring/labels/helm.sh~1chart': false schema"],
    [`${shared},edgeGateway.namespace=istio-ingress`, 'edgeGateway.namespace is istio-ingress'],
    [
      `${shared},edgeGateway.create=false,edgeGateway.name=public,edgeGateway.namespace=istio-ingress`,
      'edgeGateway is the gateway `public`',
    ],
    ['edgeGateway.namespace=default', 'edgeGateway.namespace is default, which is that of the release'],
    ['region.name=EU', "at '/region/name'"],
    ['region.all={eu,eu}', "at '/region/all': items at 0 and 1 are equal"],
    ['region.withoutGlobal=go-on', "at '/region/withoutGlobal'"],
    ['region.maxStalenessSeconds=5', "at '/region/maxStalenessSeconds'"],
    ['region.databaseReplicaMaxAgeSeconds=5', "at '/region/databaseReplicaMaxAgeSeconds'"],
    ['region.all={eu,us}', 'region.name is empty'],
    ['region.name=eu', 'region.all must name every region that is there: eu'],
    ['region.name=eu,region.all={us,asia}', 'eu, which is region.name, too'],
    ['region.name=eu,region.all={us,eu},postgresql.enabled=true', 'regions share one for accounts'],
    ['secrets.generate=true', 'set redis.enabled and postgresql.enabled'],
    ['secrets.generate=true,redis.enabled=true,postgresql.enabled=true', 'secrets.generate needs the cluster'],
  ])('%s', async (value, complaint) => {
    const { code, stderr } = await attempt('--set', value);
    expect(code).not.toBe(0);
    expect(stderr).toContain(complaint);
  });
});

test.each(['minimal', 'no-guard', 'full', 'monitoring', 'region', 'ha', 'kind'])(
  'lint has nothing to say about the profile %s',
  async (name) => {
    const issuer = ['--set', 'issuer=https://auth.example.org'];
    const { code, stdout } = await helm.try(['lint', '--strict', CHART, '--values', profileFile(name), ...issuer]);
    expect(stdout).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(code).toBe(0);
  },
);

test('a chart that has this one as a part may share values with it', async () => {
  const { code, stderr } = await attempt('--set', 'global.team=platform');
  expect([code, stderr]).toEqual([0, '']);
});

test('a release in the namespace of a gateway is refused', async () => {
  const { code, stderr } = await attempt('--namespace', 'istio-ingress', '--set', shared);
  expect(code).not.toBe(0);
  expect(stderr).toContain('the namespace of the release is istio-ingress');
});

test('a gateway that is there may share the namespace of another', async () => {
  const there = 'edgeGateway.create=false,edgeGateway.name=front,edgeGateway.namespace=istio-ingress';
  const { code, stderr } = await attempt('--set', `${shared},${there}`);
  expect([code, stderr]).toEqual([0, '']);
});

/** Only an installation says them; this one asks no cluster. */
test('the notes tell of a guard only where there is one', async () => {
  const notes = async (...args: readonly string[]) => {
    const dry = ['install', 'sekisho', CHART, '--dry-run=client', ...minimal, ...args];
    return (await helm.run(dry)).split('NOTES:')[1];
  };
  expect(await notes()).toContain('must name the guard and normalise paths as istio/mesh-config.yaml does, with');
  const without = await notes('--set', 'guard.enabled=false');
  expect(without).toContain('must normalise paths as istio/mesh-config.yaml does.');
  expect(without).not.toContain('sekisho-guard');
});
