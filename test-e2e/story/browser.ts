import { once } from 'node:events';
import { request } from 'node:http';
import { BROWSER_COOKIE } from '@sekisho/tokens';
import type { Person } from './accounts.ts';
import type { StoryContext } from './context.ts';
import { decided } from './decided.ts';
import { type Answer, type Call, callEdge, json, outcome } from './http.ts';
import { settle } from './settle.ts';
import type { Chapter } from './step.ts';

const ITEMS = '/api/bucket-items';
const WHO_AM_I = '/api/whoami';
const LOG_IN = `/login?to=${encodeURIComponent(WHO_AM_I)}`;
const ITEM = { method: 'POST', body: { title: 'sweep the gate' } } as const;

/** Browsers without a script and without a token: a cookie of the log-in page, which no service ever sees. */
export const browserChapter: Chapter<StoryContext> = {
  title: 'A browser with a cookie',
  steps: [
    {
      title: `opening ${WHO_AM_I} without a session`,
      expected: `302 to ${LOG_IN}`,
      run: async ({ mesh }) => {
        const answer = await callEdge(mesh.edge + WHO_AM_I, { headers: { accept: 'text/html' } });
        return `${answer.status} to ${answer.headers['location']}`;
      },
    },
    {
      title: 'logging in there',
      expected: `303 to ${WHO_AM_I}; ${BROWSER_COOKIE}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=34560000`,
      run: async (context) => {
        const answer = await logIn(context, context.alice);
        const cookie = String(answer.headers['set-cookie']).replace(/=skb_[\w-]+/, '');
        return `${answer.status} to ${answer.headers['location']}; ${cookie}`;
      },
    },
    {
      title: 'the caller and the cookies that the service sees, of three in two headers',
      expected: "200: alice's id; theme and none else",
      run: async (context) => {
        const cookie = [`${await cookieOf(context)}; theme=dark`, '__Host-sekisho_session=of-the-log-in-pages'];
        const answer = await callEdge(context.mesh.edge + WHO_AM_I, { headers: { cookie } });
        if (answer.status !== 200) return outcome(answer);
        const { caller, cookies } = json(answer) as { caller: { id: string }; cookies: string[] };
        const whose = caller.id === context.alice.id ? "alice's id" : caller.id;
        return `200: ${whose}; ${cookies.join(', ')} and none else`;
      },
    },
    {
      title: 'adding an item from a page of this host, of another one, and of nobody knows where',
      expected: '201, then 403 csrf_refused, then 403 csrf_refused',
      run: async (context) => {
        const { origin } = new URL(context.mesh.edge);
        const own = await withCookie(context, ITEM, { origin });
        const other = await withCookie(context, ITEM, { origin: 'https://evil.example' });
        return [own, other, await withCookie(context, ITEM)].map(outcome).join(', then ');
      },
    },
    {
      title: 'a WebSocket from another site',
      expected: '403',
      run: openWebSocket,
    },
    {
      title: 'an image on another site that is an address of this one',
      expected: '403 csrf_refused',
      run: async (context) => {
        const fetchMetadata = {
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'no-cors',
          'sec-fetch-dest': 'image',
        };
        return outcome(await withCookie(context, {}, fetchMetadata));
      },
    },
    {
      title: 'the log-in page with a cookie that stands for nothing',
      expected: '200',
      run: async ({ mesh }) =>
        outcome(await callEdge(mesh.edge + LOG_IN, { headers: { cookie: `${BROWSER_COOKIE}=skb_guessed` } })),
    },
    {
      title: 'logging out from another site, then from a page of this host',
      expected: '403, then 303, then 401 session_expired',
      run: logOut,
    },
  ],
};

/** Fills in the form of the log-in page, with the cookie that it came with. */
async function logIn({ mesh }: StoryContext, { email, password }: Person): Promise<Answer> {
  const page = await callEdge(mesh.edge + LOG_IN);
  const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
  return callEdge(mesh.edge + LOG_IN, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: pairOf(page) },
    bytes: Buffer.from(new URLSearchParams({ email, password, csrf }).toString()),
  });
}

async function cookieOf(context: StoryContext): Promise<string> {
  return pairOf(await logIn(context, context.alice));
}

const pairOf = ({ headers }: Answer): string => String([headers['set-cookie']].flat()[0]).split(';', 1)[0] ?? '';

/** A request for the items with a fresh session. */
async function withCookie(
  context: StoryContext,
  options: Call = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const cookie = await cookieOf(context);
  return callEdge(context.mesh.edge + ITEMS, { ...options, headers: { cookie, ...headers } });
}

/** Once more where the guard was too late for Envoy. */
function openWebSocket(context: StoryContext): Promise<string> {
  return decided(
    () => triedWebSocket(context),
    (status) => status === '503',
  );
}

async function triedWebSocket(context: StoryContext): Promise<string> {
  const headers = {
    ...{ connection: 'Upgrade', upgrade: 'websocket', origin: 'https://evil.example' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    cookie: await cookieOf(context),
  };
  const sent = request(context.mesh.edge + WHO_AM_I, { headers, agent: false });
  sent.end();
  const [answer] = await Promise.race([once(sent, 'response'), once(sent, 'upgrade')]);
  answer.destroy();
  return String(answer.statusCode);
}

async function logOut(context: StoryContext): Promise<string> {
  const { edge } = context.mesh;
  const cookie = await cookieOf(context);
  const send = (origin: string) => callEdge(`${edge}/logout?to=%2F`, { method: 'POST', headers: { cookie, origin } });
  const [other, own] = [await send('https://evil.example'), await send(new URL(edge).origin)];
  const after = await settle(edge + ITEMS, { headers: { cookie } }, '401 session_expired');
  return `${other.status}, then ${own.status}, then ${after}`;
}
