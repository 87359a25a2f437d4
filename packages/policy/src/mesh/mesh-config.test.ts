import { describe, expect, test } from 'vitest';
import { parseMeshConfig } from './mesh-config.ts';

describe('the mesh config', () => {
  test.each([null, {}])('%j means the defaults of Istio', (raw) => {
    const defaults = {
      trustDomain: 'cluster.local',
      rootNamespace: 'istio-system',
      providers: [],
      normalizesPaths: false,
    };
    expect(parseMeshConfig(raw)).toEqual({ ok: true, value: defaults });
  });

  test('lists providers that speak ext_authz, and passes over everything else', () => {
    const raw = {
      accessLogFile: '/dev/stdout',
      defaultConfig: { tracing: {} },
      pathNormalization: { normalization: 'DECODE_AND_MERGE_SLASHES' },
      extensionProviders: [
        { name: 'sekisho-hop', envoyExtAuthzHttp: { service: 'guard', port: 8080, timeout: '0.25s' } },
        { name: 'other', envoyExtAuthzGrpc: { service: 'other', port: 9000, failOpen: true } },
        { name: 'traces', opentelemetry: { service: 'otel', port: 4317 } },
      ],
    };
    expect(parseMeshConfig(raw)).toMatchObject({
      ok: true,
      value: {
        normalizesPaths: true,
        providers: [
          { name: 'sekisho-hop', failOpen: false, timeout: '0.25s' },
          { name: 'other', failOpen: true },
        ],
      },
    });
  });

  test('that is not one is refused, naming the field', () => {
    const raw = { extensionProviders: [{ envoyExtAuthzHttp: {} }] };
    expect(parseMeshConfig(raw)).toMatchObject({ ok: false, problems: [{ path: 'extensionProviders[0].name' }] });
    expect(parseMeshConfig('trustDomain')).toMatchObject({ ok: false });
  });
});
