import type { RegionState } from '@sekisho/sessions';
import { createMetrics } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import { AUDIENCE } from '../accounts/account.ts';
import type { AuditRecord } from '../audit/audit.ts';
import { openAuditTrail } from '../audit/trail.ts';
import { AuthError } from '../errors.ts';
import { createAuthorize } from '../http/authorize.ts';
import { createServer } from '../http/server.ts';
import { ADMIN_ID, administratorGrant, createFixture } from '../testing/fixture.ts';
import { ONE_REGION, type RegionDirectory } from './directory.ts';
import { createMarkRegion } from './mark-region.ts';
import { regionRoutes } from './routes.ts';

const TOKYO: RegionDirectory = {
  own: 'tokyo',
  list: () => [
    { name: 'tokyo', state: undefined, ageMs: 20 },
    { name: 'osaka', state: 'present', ageMs: 1_500 },
    { name: 'kyoto', state: 'present', ageMs: Number.POSITIVE_INFINITY },
  ],
  sync: () => ({ waiting: 2, lagMs: 250 }),
  mark: async () => undefined,
};

function setUp(directory: RegionDirectory = TOKYO) {
  const { log, metrics, clock, verifyFor, mint } = createFixture();
  const marked: (readonly [string, RegionState])[] = [];
  const recorded: AuditRecord[] = [];
  const database = { isAway: false };
  const regions = { ...directory, mark: async (...mark: readonly [string, RegionState]) => void marked.push(mark) };
  const app = createServer(log);
  regionRoutes(app, {
    regions,
    mark: createMarkRegion({
      regions,
      async record(entry) {
        if (database.isAway) throw new AuthError('unavailable', 'the database does not answer');
        recorded.push(entry);
      },
      trail: openAuditTrail(log, createMetrics({ processMetrics: false })),
      log,
    }),
    authorize: createAuthorize({ verify: verifyFor(AUDIENCE), clock, metrics }),
  });
  const call = async (
    method: 'GET' | 'PUT',
    path = '',
    payload?: object,
    permissions = ['regions:read', 'regions:write'],
  ) => {
    const { token } = await mint(administratorGrant(permissions));
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode, json } = await app.inject({
      method,
      url: `/v1/regions${path}`,
      headers,
      ...(payload && { payload }),
    });
    return { statusCode, body: json() };
  };
  return { call, marked, recorded, database };
}

describe('GET /v1/regions', () => {
  test('tells each region, and what waits', async () => {
    const { call } = setUp();
    expect(await call('GET')).toEqual({
      statusCode: 200,
      body: {
        region: 'tokyo',
        regions: [
          { name: 'tokyo', behindSeconds: 0.02 },
          { name: 'osaka', state: 'present', behindSeconds: 1.5 },
          { name: 'kyoto', state: 'present' },
        ],
        sync: { waiting: 2, lagSeconds: 0.25 },
      },
    });
  });

  test('tells of none where there is one', async () => {
    const { call } = setUp(ONE_REGION);
    expect((await call('GET')).body).toEqual({ regions: [], sync: { waiting: 0, lagSeconds: 0 } });
    expect(await call('PUT', '/tokyo', { state: 'lost' })).toMatchObject({
      statusCode: 404,
      body: { code: 'region_unknown' },
    });
  });
});

describe('PUT /v1/regions/{name}', () => {
  test('gives a region up, tells so, and notes who did it', async () => {
    const { call, marked, recorded } = setUp();
    const { statusCode, body } = await call('PUT', '/osaka', { state: 'lost' });
    expect(statusCode).toBe(200);
    expect(body.regions[1]).toEqual({ name: 'osaka', state: 'lost', behindSeconds: 1.5 });
    expect(marked).toEqual([['osaka', 'lost']]);
    const changes = { state: { old: 'present', new: 'lost' } };
    expect(recorded).toMatchObject([
      { action: 'region.lost', target: 'region:osaka', actor: { subject: ADMIN_ID }, changes },
    ]);
  });

  test('does so while the database is away, which may be lost with the region', async () => {
    const { call, marked, database } = setUp();
    database.isAway = true;
    expect((await call('PUT', '/osaka', { state: 'lost' })).statusCode).toBe(200);
    expect(marked).toEqual([['osaka', 'lost']]);
  });

  test('takes the own region back, and never gives it up', async () => {
    const { call, marked } = setUp();
    expect((await call('PUT', '/tokyo', { state: 'present' })).statusCode).toBe(200);
    const refused = await call('PUT', '/tokyo', { state: 'lost' });
    expect(refused).toMatchObject({
      statusCode: 400,
      body: { code: 'request_invalid', errors: [{ field: '/state' }] },
    });
    expect(marked).toEqual([['tokyo', 'present']]);
  });

  test.each([
    ['/nagoya', { state: 'lost' }, 404, 'region_unknown'],
    ['/Osaka', { state: 'lost' }, 400, 'request_invalid'],
    ['/osaka', { state: 'gone' }, 400, 'request_invalid'],
    ['/osaka', {}, 400, 'request_invalid'],
  ] as const)('%s with %o is refused: %d', async (path, body, statusCode, code) => {
    const { call, marked } = setUp();
    expect(await call('PUT', path, body)).toMatchObject({ statusCode, body: { code } });
    expect(marked).toEqual([]);
  });

  test('needs a permission of its own', async () => {
    const { call } = setUp();
    expect((await call('PUT', '/osaka', { state: 'lost' }, ['regions:read'])).statusCode).toBe(403);
    expect((await call('GET', '', undefined, ['regions:write'])).statusCode).toBe(403);
  });
});
