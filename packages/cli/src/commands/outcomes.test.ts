import { describe, expect, test } from 'vitest';
import { ALICE, FIND_ALICE, problem } from '../testing/answers.ts';
import { type Exchange, runCli } from '../testing/run-cli.ts';

const user = '/v1/users/00000000-0000-4000-8000-000000000002';

test.each<[string, Exchange]>([
  ['clients delete web --yes', { request: 'DELETE /v1/clients/web', status: 202, answer: { detail: 'later' } }],
  [
    'revoke client web --yes',
    {
      request: 'POST /v1/revocations',
      body: { client: 'web' },
      status: 202,
      answer: { revoked: 'client', detail: 'later' },
    },
  ],
  [
    'sessions end --session s1 --yes',
    {
      request: 'POST /v1/revocations',
      body: { session: 's1' },
      status: 202,
      answer: { revoked: 'session', detail: 'later' },
    },
  ],
])('%s says that the revocation follows, where Redis does not answer', async (line, exchange) => {
  const { code, problems, err } = await runCli(line.split(' '), { exchanges: [exchange] });
  expect([code, problems]).toEqual([0, []]);
  expect(err).toContain('Redis does not answer');
});

describe('a refusal', () => {
  test('is told with its fields and the way out', async () => {
    const answer = problem(409, 'last_administrator');
    const refused = await runCli(['users', 'delete', ALICE.id, '--yes'], {
      exchanges: [
        { request: `GET ${user}`, answer: ALICE },
        { request: `DELETE ${user}`, ...answer },
      ],
    });
    expect(refused).toMatchObject({ code: 1, problems: [], out: '' });
    expect(refused.err).toBe(
      'Error: it is refused (last_administrator)\nFirst run `sekisho grants set ANOTHER auth --permission users:write --permission grants:admin`.\n',
    );
  });

  test('names each field', async () => {
    const errors = [{ field: '/roles/0', message: 'must match' }];
    const exchanges = [
      FIND_ALICE,
      {
        request: `PATCH ${user}`,
        ifMatch: '"3"',
        body: { roles: [','] },
        ...problem(400, 'request_invalid', { errors }),
      },
    ];
    const { err } = await runCli(['users', 'update', 'alice@example.org', '--role', ','], { exchanges });
    expect(err).toBe('Error: it is refused (request_invalid)\n  /roles/0: must match\n');
  });

  test('of a proxy in between is told as what it is', async () => {
    const { code, err } = await runCli(['keys', 'list'], {
      exchanges: [{ request: 'GET /v1/keys', status: 502, answer: '<html>' }],
    });
    expect(code).toBe(1);
    expect(err).toContain('answered 502 without saying why');
  });

  test('for now says when to try again', async () => {
    const exchange = { request: 'GET /v1/keys', headers: { 'retry-after': '7' }, ...problem(429, 'rate_limited') };
    expect((await runCli(['keys', 'list'], { exchanges: [exchange] })).err).toContain('Try again in 7 s.');
  });
});

test('a change whose revocation has to wait is told so', async () => {
  const exchanges = [
    FIND_ALICE,
    { request: `PATCH ${user}`, ifMatch: '"3"', body: { active: false }, status: 202, answer: ALICE },
  ];
  const { code, err } = await runCli(['users', 'deactivate', 'alice@example.org'], { exchanges, answers: ['y'] });
  expect(code).toBe(0);
  expect(err).toContain('Redis does not answer');
});

test('regions tells which one answers, and how far it is behind each', async () => {
  const answer = {
    region: 'tokyo',
    regions: [
      { name: 'tokyo', behindSeconds: 0.04 },
      { name: 'osaka', state: 'lost' },
    ],
    sync: { waiting: 0, lagSeconds: 0 },
  };
  const { out } = await runCli(['regions'], { exchanges: [{ request: 'GET /v1/regions', answer }] });
  expect(out).toBe(
    [
      'REGION            STATE  BEHIND',
      'tokyo (this one)  -      0.0 s',
      'osaka             lost   never heard',
      '',
    ].join('\n'),
  );
});

describe('keys list', () => {
  const key = { kid: 'k1', signer: 'auth', alg: 'ES256', state: 'active', createdAt: '2026-01-02T03:04:05.000Z' };
  const listed = async (...keys: object[]) =>
    (await runCli(['keys', 'list'], { exchanges: [{ request: 'GET /v1/keys', answer: { keys } }] })).out;

  test('tells the region of each key, and which ones a key waits for', async () => {
    const next = { ...key, kid: 'eu.k2', region: 'eu', state: 'next', waitsFor: ['us', 'ap'] };
    expect(await listed(next, key)).toBe(
      [
        'KID    SIGNER  REGION  ALG    STATE   WAITS FOR  CREATED',
        'eu.k2  auth    eu      ES256  next    us, ap     2026-01-02T03:04:05.000Z',
        'k1     auth    -       ES256  active  -          2026-01-02T03:04:05.000Z',
        '',
      ].join('\n'),
    );
  });

  test('tells nothing of regions where there are none', async () => {
    expect(await listed(key)).not.toContain('REGION');
  });
});
