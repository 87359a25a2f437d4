import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConfigError, ListenSchema, parseListen, readConfig } from './config.ts';

const Schema = Type.Object({
  REDIS_URL: Type.String({ pattern: '^rediss?://', description: 'URL of Redis, for example redis://127.0.0.1:6379' }),
  TTL_SECONDS: Type.Integer({ minimum: 60, default: 900, description: 'seconds, at least 60' }),
  VERBOSE: Type.Boolean({ default: false }),
  LISTEN: ListenSchema('where the API listens', { default: '127.0.0.1:0' }),
  LEVEL: Type.Union([Type.Literal('info'), Type.Literal('debug')], { default: 'info' }),
  EXTRA: Type.Optional(Type.String({ maxLength: 3 })),
});

function failure(env: Record<string, string | undefined>): ConfigError {
  try {
    readConfig(Schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('the environment was accepted');
}

describe('readConfig', () => {
  test('applies defaults and converts numbers and booleans', () => {
    const config = readConfig(Schema, { REDIS_URL: 'redis://r', TTL_SECONDS: '120', VERBOSE: 'true', PATH: '/bin' });
    expect(config).toEqual({
      REDIS_URL: 'redis://r',
      TTL_SECONDS: 120,
      VERBOSE: true,
      LISTEN: '127.0.0.1:0',
      LEVEL: 'info',
    });
  });

  test('names every wrong variable at once, with the way out', () => {
    const error = failure({ TTL_SECONDS: '1e3', LISTEN: 'nowhere', LEVEL: 'loud', EXTRA: 'long' });
    expect(error.code).toBe('config_invalid');
    expect(error.variables).toEqual(['REDIS_URL', 'TTL_SECONDS', 'LISTEN', 'LEVEL', 'EXTRA']);
    expect(error.message).toContain('REDIS_URL is not set (URL of Redis, for example redis://127.0.0.1:6379)');
    expect(error.message).toContain('TTL_SECONDS must be integer (seconds, at least 60)');
    expect(error.message).toContain('LISTEN');
  });

  test('counts an empty variable as absent', () => {
    expect(failure({ REDIS_URL: '' }).message).toContain('REDIS_URL is not set');
  });

  test('never repeats a value', () => {
    const error = failure({ REDIS_URL: 'hunter2', LISTEN: 'hunter2', LEVEL: 'hunter2', EXTRA: 'hunter2' });
    expect(error.message).not.toContain('hunter2');
  });
});

describe('parseListen', () => {
  test('reads host and port, also of IPv6', () => {
    expect(parseListen('LISTEN', '127.0.0.1:8080')).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(parseListen('LISTEN', '[::1]:0')).toEqual({ host: '::1', port: 0 });
  });

  test.each(['8080', 'host:', ':80', 'host:65536', '::1:80'])('refuses %s', (text) => {
    expect(() => parseListen('LISTEN', text)).toThrow(ConfigError);
  });
});
