import { describe, expect, test } from 'vitest';
import { configFrom } from '../config.ts';

const listen = { WEBHOOK_LISTEN: '0.0.0.0:9443' };

describe('the webhook', () => {
  test('is off when nothing is said of it', () => {
    expect(configFrom({}).admission).toBeUndefined();
  });

  test('is called by its Service inside the cluster', () => {
    expect(configFrom({ ...listen, WEBHOOK_SERVICE: 'sekisho-system/sekisho-operator' }).admission).toEqual({
      listen: { host: '0.0.0.0', port: 9443 },
      host: 'sekisho-operator.sekisho-system.svc',
      secret: { namespace: 'sekisho-system', name: 'sekisho-webhook' },
      configuration: 'sekisho',
      checkMs: 30_000,
    });
  });

  test.each([
    ['https://127.0.0.1:9443', '127.0.0.1'],
    ['https://[::1]:9443', '::1'],
    ['https://hooks.example', 'hooks.example'],
  ])('is called by the URL %s elsewhere', (url, host) => {
    expect(configFrom({ ...listen, WEBHOOK_URL: url }).admission?.host).toBe(host);
  });

  test.each([
    ['WEBHOOK_SERVICE', listen],
    ['WEBHOOK_SERVICE', { ...listen, WEBHOOK_SERVICE: 'a/b', WEBHOOK_URL: 'https://a' }],
    ['WEBHOOK_SERVICE', { ...listen, WEBHOOK_SERVICE: 'sekisho-operator' }],
    ['WEBHOOK_LISTEN', { WEBHOOK_SERVICE: 'a/b' }],
    ['WEBHOOK_URL', { ...listen, WEBHOOK_URL: 'http://127.0.0.1:9443' }],
    ['WEBHOOK_URL', { ...listen, WEBHOOK_URL: 'https://' }],
    ['WEBHOOK_SECRET', { ...listen, WEBHOOK_SERVICE: 'a/b', WEBHOOK_SECRET: 'nowhere' }],
  ])('is refused by the name of %s when it is half said', (variable, env) => {
    expect(() => configFrom(env)).toThrow(variable);
  });
});
