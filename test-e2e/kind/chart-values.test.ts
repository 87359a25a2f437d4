import { expect, test } from 'vitest';
import { chartValues } from './chart-values.ts';
import { imagesOf } from './images.ts';
import { settingsFrom } from './settings.ts';

function valuesFor(env: Readonly<Record<string, string>>): unknown {
  return chartValues({ issuer: 'http://localhost:28060', images: imagesOf(settingsFrom(env)) });
}

test('images are those of REGISTRY and TAG, also with the port of a host', () => {
  expect(valuesFor({ REGISTRY: 'localhost:5000/sekisho', TAG: 'v1' })).toMatchObject({
    operator: { image: { repository: 'localhost:5000/sekisho/operator', tag: 'v1' } },
    guard: { image: { repository: 'localhost:5000/sekisho/guard', tag: 'v1' } },
  });
});

test('stores are those of the chart unless others are named; an empty variable names none', () => {
  const { redis, postgresql } = valuesFor({ REDIS_IMAGE: '', POSTGRES_IMAGE: '' }) as Record<string, object>;
  for (const store of [redis, postgresql]) {
    expect(store).toMatchObject({ enabled: true, volume: { enabled: false } });
    expect(store).not.toHaveProperty('image');
  }
  expect(redis).not.toHaveProperty('program');
  expect(
    valuesFor({ REDIS_IMAGE: 'redis:8', REDIS_PROGRAM: 'redis-server', POSTGRES_IMAGE: 'embedded' }),
  ).toMatchObject({
    redis: { image: { repository: 'redis', tag: '8' }, program: 'redis-server' },
    postgresql: { image: { repository: 'sekisho/e2e-postgres', tag: 'e2e' } },
  });
});
