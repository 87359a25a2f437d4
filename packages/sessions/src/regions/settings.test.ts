import { ConfigError } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import { type RegionVariables, regionSettings } from './settings.ts';

const VARIABLES: RegionVariables = {
  REGION: 'tokyo',
  REGIONS: 'tokyo, osaka,kyoto',
  REDIS_URL: 'redis://tokyo.example',
  GLOBAL_REDIS_URL: 'redis://global.example',
  REGION_MAX_STALENESS_SECONDS: 900,
  SESSIONS_WITHOUT_GLOBAL: 'local',
  SESSIONS_WITHOUT_LOCAL: 'global',
};

function problemOf(variables: RegionVariables): string {
  try {
    regionSettings(variables);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'none';
}

describe('settings of regions', () => {
  test('are none without REGION', () => {
    expect(
      regionSettings({ ...VARIABLES, REGION: undefined, REGIONS: undefined, GLOBAL_REDIS_URL: undefined }),
    ).toBeUndefined();
  });

  test('name this region and the others', () => {
    expect(regionSettings(VARIABLES)).toEqual({
      region: { name: 'tokyo', others: ['osaka', 'kyoto'] },
      isFirst: true,
      globalRedisUrl: 'redis://global.example',
      maxBehindMs: 900_000,
      withoutGlobal: 'local',
      withoutLocal: 'global',
    });
  });

  test('tell which region was there first', () => {
    expect(regionSettings({ ...VARIABLES, REGION: 'osaka' })).toMatchObject({ isFirst: false });
  });

  test.each([
    ['REGIONS', { REGIONS: undefined }],
    ['REGIONS', { REGIONS: 'osaka,kyoto' }],
    ['REGIONS', { REGIONS: 'tokyo,tokyo' }],
    ['REGIONS', { REGIONS: 'tokyo,' }],
    ['REGIONS', { REGIONS: 'tokyo,Osaka' }],
    ['REGIONS', { REGIONS: ['tokyo', ...Array.from({ length: 16 }, (_, index) => `r${index}`)].join(',') }],
    ['GLOBAL_REDIS_URL', { GLOBAL_REDIS_URL: undefined }],
    ['GLOBAL_REDIS_URL', { GLOBAL_REDIS_URL: 'redis://tokyo.example' }],
    ['GLOBAL_REDIS_URL', { GLOBAL_REDIS_URL: 'redis://somebody:secret@tokyo.example:6379/0' }],
    ['GLOBAL_REDIS_URL', { REGION: undefined, REGIONS: undefined }],
    ['REGIONS', { REGION: undefined, GLOBAL_REDIS_URL: undefined }],
  ] as const)('%s is refused, and named, with %o', (variable, changes) => {
    const problem = problemOf({ ...VARIABLES, ...changes });
    expect(problem).toContain(variable);
    expect(problem).not.toContain('secret');
  });

  test('two databases of one server are two stores', () => {
    expect(regionSettings({ ...VARIABLES, GLOBAL_REDIS_URL: 'redis://tokyo.example/1' })).toBeDefined();
  });
});
