import type { StoryContext } from './context.ts';
import { type Answer, type Call, call, callEdge, json, outcome } from './http.ts';
import { settle } from './settle.ts';
import type { Chapter } from './step.ts';

const ITEMS = '/api/bucket-items';
const WHO_AM_I = '/api/whoami';

/** The gateway that asks the guard: a token is exchanged for one of the service, and what cannot pass is told early, and why. */
export const guardChapter: Chapter<StoryContext> = {
  title: 'Through the guard',
  steps: [
    {
      title: `GET ${ITEMS} with a token`,
      expected: '200',
      run: async ({ mesh, logIn, alice }) => settle(mesh.edge + ITEMS, { token: await logIn(alice) }, '200'),
    },
    {
      title: 'the token that arrives at the service',
      expected: 'aud bucket; services bucket: bucket:read,bucket:write; 300 s; derived from the one presented',
      run: async (context) => {
        const { aud, services, exp, iat, origin_jti } = await claimsAtService(context);
        const grants = Object.entries(services).map(([name, grant]) => `${name}: ${grant.permissions.join(',')}`);
        const origin = origin_jti === undefined ? 'of its own' : 'derived from the one presented';
        return `aud ${aud.join(',')}; services ${grants.join('; ')}; ${exp - iat} s; ${origin}`;
      },
    },
    {
      title: 'spoofed identity headers, in every spelling, beside a token',
      expected: "x-user-id alice's; of x_user_id and x-user_roles nothing",
      run: async (context) => {
        const spoofed = { 'x-user-id': 'root', x_user_id: 'root', 'x-user_roles': 'owner' };
        const { 'x-user-id': id, x_user_id: under, 'x-user_roles': mixed } = await headersAtService(context, spoofed);
        const whose = id === context.alice.id ? "alice's" : String(id);
        return `x-user-id ${whose}; of x_user_id and x-user_roles ${under === undefined && mixed === undefined ? 'nothing' : 'something'}`;
      },
    },
    {
      title: 'no token',
      expected: '401 token_missing by shop/bucket, rule read-items',
      run: async (context) => told(context, {}),
    },
    {
      title: 'a token for other services',
      expected: '403 audience_mismatch by shop/bucket',
      run: async (context) => told(context, { token: await context.logIn(context.alice, ['user']) }),
    },
    {
      title: 'a token without the permission',
      expected: '403 permission_missing by shop/bucket, rule add-items',
      run: async (context) =>
        told(context, { method: 'POST', token: await context.logIn(context.bob), body: { title: 'climb Fuji' } }),
    },
    {
      title: 'two tokens in two headers',
      expected: '401 token_malformed by shop/bucket',
      run: async (context) => {
        const [one, other] = [await context.logIn(context.alice), await context.logIn(context.bob)];
        return told(context, { headers: { authorization: [`Bearer ${one}`, `Bearer ${other}`] } });
      },
    },
    {
      title: 'a path that no route takes: Envoy asks nobody about it',
      expected: '404',
      run: async ({ mesh }) => String((await call(`${mesh.edge}/nowhere`)).status),
    },
    {
      title: 'a token whose owner has logged out',
      expected: '200, then 401 token_revoked',
      run: logOut,
    },
  ],
};

/** The status and code of an answer, and which policy and rule it names. */
async function told({ mesh }: StoryContext, options: Call): Promise<string> {
  const answer = await callEdge(mesh.edge + ITEMS, options);
  const { policy, rule } = answer.status < 400 ? {} : problemOf(answer);
  return `${outcome(answer)}${policy === undefined ? '' : ` by ${policy}`}${rule === undefined ? '' : `, rule ${rule}`}`;
}

function problemOf(answer: Answer): Record<string, unknown> {
  return String(answer.headers['content-type']).startsWith('application/problem+json') ? json(answer) : {};
}

async function logOut({ mesh, logIn, alice }: StoryContext): Promise<string> {
  const token = await logIn(alice);
  const before = await settle(mesh.edge + ITEMS, { token }, '200');
  const gone = await call(`${mesh.auth.url}/v1/sessions/current`, { method: 'DELETE', token });
  if (gone.status !== 204) return `log out: ${outcome(gone)}`;
  return `${before}, then ${await settle(mesh.edge + ITEMS, { token }, '401 token_revoked')}`;
}

async function headersAtService(
  { mesh, logIn, alice }: StoryContext,
  headers: Record<string, string>,
): Promise<Record<string, string>> {
  const answer = await callEdge(mesh.edge + WHO_AM_I, { token: await logIn(alice), headers });
  return json(answer)['headers'] as Record<string, string>;
}

interface Claims {
  readonly aud: string[];
  readonly services: Record<string, { permissions: string[] }>;
  readonly exp: number;
  readonly iat: number;
  readonly origin_jti?: string;
}

async function claimsAtService(context: StoryContext): Promise<Claims> {
  const { 'x-jwt-payload': payload = '' } = await headersAtService(context, {});
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims;
}
