import { describe, expect, test } from 'vitest';
import { ALICE, FIND_ALICE } from '../testing/answers.ts';
import { type Exchange, runCli } from '../testing/run-cli.ts';

const user = '/v1/users/00000000-0000-4000-8000-000000000002';

/** What each command sends, where everything goes well. */
const SENT: readonly (readonly [string, readonly Exchange[]])[] = [
  [
    'users list --role admin --inactive --limit 3',
    [{ request: 'GET /v1/users?role=admin&limit=3&active=false', answer: { items: [ALICE] } }],
  ],
  [`users get ${ALICE.id}`, [{ request: `GET ${user}`, answer: ALICE }]],
  ['users get alice@example.org', [FIND_ALICE]],
  [
    'users update alice@example.org --role a --role b --clear-permissions',
    [
      FIND_ALICE,
      { request: `PATCH ${user}`, ifMatch: '"3"', body: { roles: ['a', 'b'], permissions: [] }, answer: ALICE },
    ],
  ],
  [
    'users deactivate alice@example.org --yes',
    [FIND_ALICE, { request: `PATCH ${user}`, ifMatch: '"3"', body: { active: false }, answer: ALICE }],
  ],
  ['users delete alice@example.org --yes', [FIND_ALICE, { request: `DELETE ${user}`, status: 204 }]],
  ['grants list alice@example.org', [FIND_ALICE]],
  [
    'grants set alice@example.org bucket --permission p --permission q --expires 1h',
    [
      FIND_ALICE,
      {
        request: `PUT ${user}/grants/bucket`,
        body: { permissions: ['p', 'q'], expires: 1_767_326_645 },
        answer: ALICE,
      },
    ],
  ],
  [
    'grants set alice@example.org a/b --permission p --expires 2027-01-01T00:00:00Z',
    [
      FIND_ALICE,
      { request: `PUT ${user}/grants/a%2Fb`, body: { permissions: ['p'], expires: 1_798_761_600 }, answer: ALICE },
    ],
  ],
  [
    'grants remove alice@example.org bucket --yes',
    [FIND_ALICE, { request: `DELETE ${user}/grants/bucket`, answer: ALICE }],
  ],
  ['sessions list alice@example.org', [FIND_ALICE, { request: `GET ${user}/sessions`, answer: { sessions: [] } }]],
  [
    'sessions end --session s1 --yes',
    [{ request: 'POST /v1/revocations', body: { session: 's1' }, answer: { revoked: 'session' } }],
  ],
  [
    'sessions end --user alice@example.org --yes',
    [FIND_ALICE, { request: 'POST /v1/revocations', body: { user: ALICE.id }, answer: { revoked: 'user' } }],
  ],
  ['revoke jti j1 --yes', [{ request: 'POST /v1/revocations', body: { jti: 'j1' }, answer: { revoked: 'token' } }]],
  [
    'revoke all 1h --yes',
    [{ request: 'POST /v1/revocations', body: { issuedBefore: 1_767_319_445 }, answer: { revoked: 'all' } }],
  ],
  ['regions', [{ request: 'GET /v1/regions', answer: { regions: [] } }]],
  [
    'regions lose tokyo --yes',
    [{ request: 'PUT /v1/regions/tokyo', body: { state: 'lost' }, answer: { regions: [] } }],
  ],
  ['regions return tokyo', [{ request: 'PUT /v1/regions/tokyo', body: { state: 'present' }, answer: { regions: [] } }]],
  ['keys list', [{ request: 'GET /v1/keys', answer: { keys: [] } }]],
  ['keys list --signer guard', [{ request: 'GET /v1/keys?signer=guard', answer: { keys: [] } }]],
  [
    'keys rotate --signer guard',
    [{ request: 'POST /v1/keys/rotate', body: { signer: 'guard' }, status: 202, answer: { keys: [] } }],
  ],
  ['keys rotate', [{ request: 'POST /v1/keys/rotate', body: {}, status: 202, answer: { keys: [] } }]],
  [
    'keys rotate --compromised k --yes',
    [{ request: 'POST /v1/keys/rotate', body: { compromised: 'k' }, status: 202, answer: { keys: [] } }],
  ],
  [
    'audit --user alice@example.org --since 1d --action user.deleted',
    [
      FIND_ALICE,
      {
        request: `GET /v1/audit?action=user.deleted&target=user%3A${ALICE.id}&limit=50&since=2026-01-01T03%3A04%3A05Z`,
        answer: { items: [] },
      },
    ],
  ],
  ['clients list', [{ request: 'GET /v1/clients?limit=50', answer: { clients: [] } }]],
  [
    'clients create Shop --grant-type authorization_code --redirect-uri https://shop.example/back --backchannel-logout-uri https://shop.example/bye',
    [
      {
        request: 'POST /v1/clients',
        body: {
          name: 'Shop',
          authMethod: 'client_secret_basic',
          grantTypes: ['authorization_code'],
          redirectUris: ['https://shop.example/back'],
          backchannelLogoutUri: 'https://shop.example/bye',
        },
        status: 201,
        answer: {
          id: 'shop',
          name: 'Shop',
          authMethod: 'client_secret_basic',
          grantTypes: ['authorization_code'],
          redirectUris: ['https://shop.example/back'],
          backchannelLogoutUri: 'https://shop.example/bye',
          grants: [],
          version: 1,
        },
      },
    ],
  ],
  ['clients delete web --yes', [{ request: 'DELETE /v1/clients/web', status: 204 }]],
];

describe('a command', () => {
  test.each(SENT)('%s sends what it says', async (line, exchanges) => {
    const { code, problems, err } = await runCli(line.split(' '), { exchanges });
    expect(problems).toEqual([]);
    expect(code).toBe(0);
    expect(err).toContain('Next: ');
  });

  test.each([
    'users deactivate alice@example.org',
    'users delete alice@example.org',
    'grants remove alice@example.org bucket',
    'sessions end --session s1',
    'revoke user alice@example.org',
    'revoke all 1h',
    'keys rotate --compromised k',
    'regions lose tokyo',
    'clients delete web',
  ])('%s changes nothing where nobody can be asked, nor after a no', async (line) => {
    const exchanges = line.includes('alice') && /delete|revoke/.test(line) ? [FIND_ALICE] : [];
    const unasked = await runCli(line.split(' '), { exchanges });
    expect(unasked).toMatchObject({ code: 2, problems: [], err: expect.stringContaining('--yes') });
    const refused = await runCli(line.split(' '), { exchanges, answers: [''] });
    expect(refused).toMatchObject({ code: 1, problems: [], err: expect.stringContaining('nothing was changed') });
  });

  test.each([
    'users update alice@example.org',
    'users get alice',
    'users list --limit 0',
    'users list --active --inactive',
    'grants set alice@example.org bucket',
    'grants set alice@example.org bucket --permission p --expires yesterday',
    'grants set alice@example.org bucket --permission p --expires 2020-01-01T00:00:00Z',
    'sessions end',
    'users create a@b --grant bucket',
    'nonsense',
    'users list --output yaml',
  ])('%s is wrong: 2, and nothing is sent', async (line) => {
    expect(await runCli(line.split(' '))).toMatchObject({ code: 2, problems: [], out: '' });
  });
});

describe('users create', () => {
  const create = ['users', 'create', 'alice@example.org', '--role', 'member', '--grant', 'bucket=bucket:read'];
  const body = {
    email: 'alice@example.org',
    password: 'correct horse',
    active: true,
    roles: ['member'],
    grants: [{ service: 'bucket', permissions: ['bucket:read'] }],
  };
  const exchange = { request: 'POST /v1/users', body, status: 201, answer: ALICE };

  test('asks for the password twice, and shows none', async () => {
    const { code, problems, out, err } = await runCli(create, {
      exchanges: [exchange],
      answers: ['correct horse', 'correct horse'],
    });
    expect({ code, problems }).toEqual({ code: 0, problems: [] });
    expect(out + err).not.toContain('horse');
    expect(await runCli(create, { answers: ['correct horse', 'correct house'] })).toMatchObject({
      code: 2,
      problems: [],
    });
  });

  test('reads it from standard input, without the newline at its end', async () => {
    const options = { exchanges: [exchange], input: 'correct horse\n' };
    expect(await runCli([...create, '--password-stdin'], options)).toMatchObject({ code: 0, problems: [] });
    expect(await runCli(create, {})).toMatchObject({ code: 2, err: expect.stringContaining('--password-stdin') });
  });
});
