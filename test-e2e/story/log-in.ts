import type { StoryContext } from './context.ts';
import { call, json, outcome } from './http.ts';
import type { Chapter } from './step.ts';

/** A password becomes a token in the unified shape. */
export const logInChapter: Chapter<StoryContext> = {
  title: 'Log in',
  steps: [
    {
      title: 'POST /v1/sessions with a password',
      expected: '201 Bearer, 900 s',
      run: async ({ mesh, alice }) => {
        const body = { email: alice.email, password: alice.password };
        const answer = await call(`${mesh.auth.url}/v1/sessions`, { method: 'POST', body });
        return `${answer.status} ${json(answer)['token_type']}, ${json(answer)['expires_in']} s`;
      },
    },
    {
      title: 'the token has the unified shape',
      expected:
        'ES256 at+jwt; aud bucket,file,notification,user; roles member,admin; bucket: bucket:read,bucket:write; ' +
        'file: file:read,file:write,file:delete; notification: notification:read,notification:write; user: user:read; a session',
      run: async ({ logIn, alice }) => shapeOf(await logIn(alice)),
    },
    {
      title: 'the same e-mail with another password',
      expected: '401 credentials_invalid',
      run: async ({ mesh, alice }) => {
        const body = { email: alice.email, password: 'not the password' };
        return outcome(await call(`${mesh.auth.url}/v1/sessions`, { method: 'POST', body }));
      },
    },
    {
      title: 'the key set that Envoy verifies with holds no private part',
      expected: '200, ES256, members alg crv kid kty use x y',
      run: async ({ mesh }) => {
        const answer = await call(`${mesh.auth.url}/.well-known/jwks.json`);
        const keys = json(answer)['keys'] as Record<string, unknown>[];
        // One, or several while an older one retires: all look the same.
        const looks = keys.map((key) => `${key['alg']}, members ${Object.keys(key).toSorted().join(' ')}`);
        return `${answer.status}, ${[...new Set(looks)].join('; ')}`;
      },
    },
  ],
};

function shapeOf(token: string): string {
  const [header = '', payload = ''] = token.split('.');
  const { alg, typ } = decode(header);
  const claims = decode(payload) as {
    aud: string[];
    user: { roleList: string };
    services: Record<string, { permissions: string[] }>;
    session?: { id?: string };
  };
  const grants = Object.entries(claims.services)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, grant]) => `${name}: ${grant.permissions.join(',')}`);
  const session = claims.session?.id === undefined ? 'no session' : 'a session';
  return [
    `${alg} ${typ}`,
    `aud ${claims.aud.toSorted().join(',')}`,
    `roles ${claims.user.roleList}`,
    ...grants,
    session,
  ].join('; ');
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
}
