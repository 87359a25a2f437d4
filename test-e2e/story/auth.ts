import { randomBytes } from 'node:crypto';
import type { StoryContext } from './context.ts';
import { type Answer, callEdge, json, outcome } from './http.ts';
import { settle } from './settle.ts';
import type { Chapter } from './step.ts';

const SESSIONS = '/v1/sessions';

/** The auth service on the host of the services: the guard decides who may ask it what, and leaves it the credentials that it issued. */
export const authChapter: Chapter<StoryContext> = {
  title: 'The auth service through the same gateway',
  steps: [
    {
      title: 'discovery names this host, for the issuer and every endpoint',
      expected: '200, all of them',
      run: async ({ mesh }) => {
        const answer = await callEdge(`${mesh.edge}/.well-known/openid-configuration`);
        const urls = Object.entries(json(answer)).filter(([name]) => name === 'issuer' || name.endsWith('_endpoint'));
        const foreign = urls.filter(([, url]) => !String(url).startsWith(mesh.web)).map(([name]) => name);
        return `${answer.status}, ${foreign.length === 0 ? 'all of them' : `but not ${foreign.join(', ')}`}`;
      },
    },
    {
      title: "alice's sessions, by a token that is for other services",
      expected: '200, one of them is this',
      run: async ({ mesh, logIn, alice }) => {
        const answer = await callEdge(mesh.edge + SESSIONS, { token: await logIn(alice, ['bucket']) });
        const { sessions } = json(answer) as { sessions?: { current: boolean }[] };
        return `${answer.status}, ${sessions?.filter(({ current }) => current).length === 1 ? 'one of them is this' : 'not this'}`;
      },
    },
    {
      title: 'the same without a token',
      expected: '401 token_missing',
      run: async ({ mesh }) => outcome(await callEdge(mesh.edge + SESSIONS)),
    },
    {
      title: 'a client proves who it is by Basic, with its secret and with another',
      expected: '200 Bearer, then 401 invalid_client',
      run: asClient,
    },
    {
      title: 'userinfo reads the token that came, which was not asked for with the scope openid',
      expected: '403 insufficient_scope',
      run: async ({ mesh, logIn, alice }) =>
        outcome(await callEdge(`${mesh.edge}/oauth/userinfo`, { token: await logIn(alice) })),
    },
    {
      title: 'administration and the keys of the guard are behind no route',
      expected: '404, 404',
      run: async ({ mesh, logIn, alice }) => {
        const token = await logIn(alice);
        const paths = ['/v1/users', '/v1/signers/guard/keys'];
        const answers = await Promise.all(paths.map((path) => callEdge(mesh.edge + path, { token })));
        return answers.map(({ status }) => status).join(', ');
      },
    },
    {
      title: 'alice logs out everywhere',
      expected: '204, then 401 token_revoked at bucket',
      run: async ({ mesh, logIn, alice }) => {
        const [phone, laptop] = [await logIn(alice), await logIn(alice)];
        const gone = await callEdge(mesh.edge + SESSIONS, { method: 'DELETE', token: phone });
        const other = await settle(`${mesh.edge}/api/bucket-items`, { token: laptop }, '401 token_revoked');
        return `${outcome(gone)}, then ${other} at bucket`;
      },
    },
  ],
};

/** A fresh client that logs in as itself. */
async function asClient(context: StoryContext): Promise<string> {
  const id = `nightly-${randomBytes(4).toString('hex')}`;
  const { secret } = await createClient(context, id);
  const [right, wrong] = [await asksForToken(context, `${id}:${secret}`), await asksForToken(context, `${id}:guessed`)];
  return `${right.status} ${json(right)['token_type']}, then ${wrong.status} ${json(wrong)['error']}`;
}

async function createClient({ accounts }: StoryContext, id: string): Promise<{ secret: string }> {
  const body = {
    ...{ id, name: 'Nightly report', authMethod: 'client_secret_basic', grantTypes: ['client_credentials'] },
    grants: [{ service: 'bucket', permissions: ['bucket:read'] }],
  };
  const answer = await accounts.call('/v1/clients', { method: 'POST', body });
  if (answer.status !== 201) throw new Error(`create client: ${answer.status} ${answer.text}`);
  return { secret: String(json(answer)['secret']) };
}

function asksForToken({ mesh }: StoryContext, credentials: string): Promise<Answer> {
  const headers = {
    authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const bytes = Buffer.from('grant_type=client_credentials');
  return callEdge(`${mesh.edge}/oauth/token`, { method: 'POST', headers, bytes });
}
