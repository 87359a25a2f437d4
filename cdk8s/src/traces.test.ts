import { createLogger, openTracing } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import type { Manifest } from './kubernetes.ts';
import { type PlatformOptions, renderPlatform } from './platform.ts';

const endpoint = 'http://otel-collector.observability:4318';
const issuer = 'https://auth.example';
const log = createLogger({ name: 'test' });
const NAMES = ['sekisho-operator', 'auth', 'sekisho-guard'];

const rendered = (options: Partial<PlatformOptions>): readonly Manifest[] =>
  renderPlatform({ issuer, edge: {}, ...options }).manifests;
const named = (manifests: readonly Manifest[], kind: string, name: string) =>
  manifests.find((one) => one.kind === kind && one.metadata.name === name);

interface Variable {
  readonly name: string;
  readonly value?: string;
}

function environment(manifests: readonly Manifest[], name: string): readonly Variable[] {
  const { spec } = named(manifests, 'Deployment', name) as unknown as {
    spec: { template: { spec: { containers: { env: Variable[] }[] } } };
  };
  return spec.template.spec.containers.flatMap(({ env }) => env);
}

function egress(manifests: readonly Manifest[], name: string): unknown {
  return (named(manifests, 'NetworkPolicy', name)?.['spec'] as { egress?: unknown } | undefined)?.egress;
}

describe.each(NAMES)('of %s', (name) => {
  test('nothing is sent and nothing let out unless a collector is named', () => {
    const manifests = rendered({});
    expect(environment(manifests, name).filter((one) => one.name.startsWith('OTEL_'))).toEqual([]);
    expect(JSON.stringify(egress(manifests, name))).not.toContain('4318');
  });

  test('spans tell of which pod they are, and none begins here', () => {
    const env = environment(rendered({ traces: { endpoint } }), name);
    expect(env.filter((one) => one.name.startsWith('OTEL_'))).toEqual([
      { name: 'OTEL_RESOURCE_ATTRIBUTES', value: 'k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME)' },
      { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: endpoint },
      { name: 'OTEL_TRACES_SAMPLER', value: 'parentbased_always_off' },
    ]);
    const names = env.map((one) => one.name);
    expect(new Set(names).size).toBe(names.length);
    // Kubernetes leaves a reference to what comes later as it is.
    for (const pod of ['POD_NAME', 'POD_NAMESPACE'])
      expect(names.slice(0, names.indexOf('OTEL_RESOURCE_ATTRIBUTES'))).toContain(pod);
  });

  test('a process takes what is rendered', async () => {
    const env = environment(rendered({ traces: { endpoint } }), name);
    const resolved = env.map((one) => [one.name, one.value?.replaceAll(/\$\(\w+\)/g, 'resolved') ?? '']);
    const tracing = await openTracing(name, Object.fromEntries(resolved), { log });
    expect(tracing.enabled).toBe(true);
    await tracing.stop();
  });

  test('its pods reach any address at the port of collectors, or those that are named', () => {
    const collector = { to: [{ podSelector: { matchLabels: { app: 'otel' } } }], ports: [14_318] };
    const [anywhere, there] = [{ endpoint }, { endpoint, collector }].map((traces) =>
      egress(rendered({ traces }), name),
    );
    expect(anywhere).toContainEqual({ ports: [{ protocol: 'TCP', port: 4318 }] });
    expect(there).toContainEqual({ to: collector.to, ports: [{ protocol: 'TCP', port: 14_318 }] });
    expect(JSON.stringify(there)).not.toContain('"port":4318');
  });
});

test('what one part is told itself is not told twice', () => {
  const env = [{ name: 'OTEL_TRACES_SAMPLER', value: 'parentbased_always_on' }];
  const manifests = rendered({ traces: { endpoint }, operator: { env } });
  const samplers = NAMES.map((name) =>
    environment(manifests, name).flatMap((one) => (one.name === 'OTEL_TRACES_SAMPLER' ? [one.value] : [])),
  );
  expect(samplers).toEqual([['parentbased_always_on'], ['parentbased_always_off'], ['parentbased_always_off']]);
});

const WRONG = [
  'tempo:4318',
  'http://collector/?key=secret',
  'http://user:secret@collector:4318',
  `http://${'a'.repeat(512)}`,
];

test.each(WRONG)('the endpoint %s is refused as a process would refuse it, without being repeated', async (wrong) => {
  const render = () => rendered({ traces: { endpoint: wrong } });
  expect(render).toThrow(
    expect.objectContaining({ code: 'traces_invalid', message: expect.not.stringContaining(wrong) }),
  );
  expect(render).toThrow('traces.endpoint must be the base URL of a collector');
  await expect(openTracing('guard', { OTEL_EXPORTER_OTLP_ENDPOINT: wrong }, { log })).rejects.toThrow(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  );
});
