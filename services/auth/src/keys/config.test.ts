import { readConfig } from '@sekisho/telemetry';
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { KEY_DEFAULTS, KeyEnvironment, keySettings } from './config.ts';
import { keyTiming } from './timing.ts';

const read = (env: Record<string, string> = {}) => keySettings(readConfig(Type.Object(KeyEnvironment), env));

describe('settings of the signing keys', () => {
  test('have defaults', () => {
    expect(read()).toEqual(KEY_DEFAULTS);
  });

  test('wait by default until no operator has the earlier key set any more, whatever cache it asks', () => {
    const operatorRefreshMs = 300_000;
    const { settleMs, cacheMs } = keyTiming(KEY_DEFAULTS.pollMs);
    expect(KEY_DEFAULTS.publishMs).toBeGreaterThan(settleMs + cacheMs + operatorRefreshMs);
  });

  test('are read in milliseconds', () => {
    const env = {
      SIGNING_ALGORITHM: 'RS256',
      KEY_ROTATION_SECONDS: '86400',
      KEY_PUBLISH_SECONDS: '600',
      KEY_POLL_SECONDS: '10',
    };
    expect(read(env)).toEqual({ alg: 'RS256', periodMs: 86_400_000, publishMs: 600_000, pollMs: 10_000 });
  });

  test.each([
    ['SIGNING_ALGORITHM', 'HS256'],
    ['SIGNING_ALGORITHM', 'none'],
    ['KEY_ROTATION_SECONDS', '60'],
    ['KEY_ROTATION_SECONDS', '99999999'],
    ['KEY_PUBLISH_SECONDS', '299'],
    ['KEY_POLL_SECONDS', '0'],
    ['KEY_POLL_SECONDS', '301'],
    ['TOKEN_ISSUER_NAME', '../pods'],
  ])('refuse %s=%s', (variable, value) => {
    expect(() => read({ KUBECONFIG: '/x', [variable]: value })).toThrow(variable);
  });

  test('refuse a key that would wait for longer than it signs', () => {
    const env = { KEY_ROTATION_SECONDS: '7200', KEY_PUBLISH_SECONDS: '3601' };
    expect(() => read(env)).toThrow('KEY_ROTATION_SECONDS must be at least twice KEY_PUBLISH_SECONDS');
  });

  test('name the TokenIssuer to ask, in the cluster of the pod or of a kubeconfig', () => {
    const name = 'platform';
    const pod = { host: '10.0.0.1', port: '443' };
    const inPod = { TOKEN_ISSUER_NAME: name, KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    expect(read(inPod).tokenIssuer).toEqual({ name, kubeconfig: undefined, pod });
    const outside = { TOKEN_ISSUER_NAME: name, KUBECONFIG: '/kubeconfig' };
    expect(read(outside).tokenIssuer).toEqual({ name, kubeconfig: '/kubeconfig', pod: undefined });
    expect(read({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toEqual(KEY_DEFAULTS);
  });

  test('do not fall back to the clock when the cluster to ask is not known', () => {
    expect(() => read({ TOKEN_ISSUER_NAME: 'platform' })).toThrow('TOKEN_ISSUER_NAME is set, but no cluster is known');
  });
});
