import { afterAll, describe, expect, inject, test } from 'vitest';
import { CHART, Helm, profileFile } from './testing/helm.ts';

const helm = new Helm(inject('helm'));
afterAll(() => helm.close());

const minimal = ['--values', profileFile('minimal')] as const;
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
    ['secrets.generate=true', 'set redis.enabled and postgresql.enabled'],
    ['secrets.generate=true,redis.enabled=true,postgresql.enabled=true', 'secrets.generate needs the cluster'],
  ])('%s', async (value, complaint) => {
    const { code, stderr } = await attempt('--set', value);
    expect(code).not.toBe(0);
    expect(stderr).toContain(complaint);
  });
});

test.each(['minimal', 'no-guard', 'full', 'monitoring', 'ha', 'kind'])(
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
