import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CREDENTIALS } from '../attack/credentials.ts';
import { callGrpc, type GrpcAnswer } from '../attack/grpc.ts';
import { HOSTS } from '../attack/hosts.ts';
import { LIMITS } from '../attack/limits.ts';
import { ADMIN_PATHS, OPEN_PATHS, REFUSED_PATHS } from '../attack/paths.ts';
import { addressOf, answersIn, type Head, requestBytes, sendRaw } from '../attack/raw.ts';
import { HONEST, SHAPES, SMUGGLED } from '../attack/smuggling.ts';
import { MARK, SPOOFED } from '../attack/spoofed.ts';
import { talk, UPLOADED, upgrade, upload } from '../attack/streams.ts';
import type { Seen } from '../echo/app.ts';
import { ADMIN, type Echo, ITEMS, openEcho, PING, PUBLIC, SAY, VIRTUAL } from '../echo/echo.ts';
import { Cluster } from '../mesh/cluster.ts';
import { Accounts, logIn } from '../story/accounts.ts';
import { decided } from '../story/decided.ts';

/** Of gRPC (google.rpc.Code). */
const [UNAVAILABLE, UNAUTHENTICATED] = [14, 16];
const mesh = inject('mesh');
const cluster = new Cluster(mesh.kubeconfig);
const edge = addressOf(mesh.edge);
let echo: Echo;
let userId: string;
/** Two of one user, who may read and write and is no administrator. */
let tokens: readonly [string, string];

beforeAll(async () => {
  echo = await openEcho(mesh, cluster);
  const grants = [{ service: 'echo', permissions: ['echo:read', 'echo:write'] }];
  const user = await new Accounts(mesh).create({ name: 'attacker', roles: ['member'], grants });
  userId = user.id;
  tokens = [await logIn(mesh, user), await logIn(mesh, user)];
});
afterAll(async () => {
  await echo?.[Symbol.asyncDispose]();
  await cluster.close();
});

const bearer = () => `Authorization: Bearer ${tokens[0]}`;

interface Attempt {
  readonly answer: string;
  /** What reached the service. */
  readonly seen: readonly Seen[];
}

function attempt(bytes: string): Promise<Attempt> {
  const once = async () => {
    const before = echo.app.count;
    return { answer: answersIn(await sendRaw(edge, bytes)), seen: echo.app.since(before) };
  };
  return decided(once, ({ answer }) => answer === '503');
}

const ask = (head: Head): Promise<Attempt> => attempt(requestBytes(head));
const asUser = (head: Head): Promise<Attempt> => ask({ ...head, lines: [bearer(), ...(head.lines ?? [])] });

function call(path: string, headers: Readonly<Record<string, string>> = {}): Promise<GrpcAnswer> {
  return decided(
    () => callGrpc(mesh.edge, path, headers),
    ({ code }) => code === UNAVAILABLE,
  );
}

const headerOf = ({ headers }: Seen, wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1];

describe('of what a client says about the caller nothing arrives', () => {
  const lines = SPOOFED.map(([name, value]) => `${name}: ${value}`);
  const preflight = ['Origin: https://a.test', 'Access-Control-Request-Method: GET'];

  test.each<[string, Head, boolean]>([
    ['where a token is needed', { target: ITEMS }, true],
    ['where none is', { target: PUBLIC }, false],
    ['where none is, with one', { target: PUBLIC }, true],
    ['in a body', { method: 'POST', target: ITEMS, lines: ['Content-Length: 0'] }, true],
    ['on a virtual host', { target: VIRTUAL.path, host: VIRTUAL.host }, false],
    ['in a CORS preflight', { method: 'OPTIONS', target: PUBLIC, lines: preflight }, false],
    ['in a CORS preflight with a token', { method: 'OPTIONS', target: PUBLIC, lines: preflight }, true],
  ])('%s', async (_, head, hasToken) => {
    const spoofed = { ...head, lines: [...(head.lines ?? []), ...lines] };
    const { answer, seen } = await (hasToken ? asUser(spoofed) : ask(spoofed));
    expect([answer, seen.length]).toEqual(['200', 1]);
    expect(JSON.stringify(seen)).not.toContain(MARK);
  });

  test('and beside a token it is the token that speaks', async () => {
    const { seen } = await asUser({ target: ITEMS, lines });
    expect(seen.map((one) => headerOf(one, 'x-user-id'))).toEqual([userId]);
  });

  test.each([SAY, PING])('over gRPC: %s', async (path) => {
    const before = echo.app.count;
    const headers = Object.fromEntries(SPOOFED);
    const answer = await call(path, path === SAY ? { ...headers, authorization: `Bearer ${tokens[0]}` } : headers);
    expect(answer).toEqual({ status: 200, code: 0 });
    expect(echo.app.since(before).length).toBeGreaterThan(0);
    expect(JSON.stringify(echo.app.since(before))).not.toContain(MARK);
  });
});

describe('a path', () => {
  test.each(ADMIN_PATHS)('is what the service would read: %j', async (target) => {
    expect(await ask({ target })).toEqual({ answer: '401 token_missing', seen: [] });
    expect(await asUser({ target })).toEqual({ answer: '403 permission_missing', seen: [] });
  });

  test.each(REFUSED_PATHS)('leads nowhere: %j', async (target, answer) => {
    expect(await ask({ target })).toEqual({ answer, seen: [] });
    expect(await asUser({ target })).toEqual({ answer, seen: [] });
  });

  test.each(OPEN_PATHS)('is open: %j', async (target, arrives) => {
    const { answer, seen } = await ask({ target });
    expect([answer, seen.map((one) => one.target)]).toEqual(['200', [arrives]]);
  });

  test('is not what a header says', async () => {
    const headers = ['X-Original-URL', 'X-Rewrite-URL', 'X-Envoy-Original-Path', 'X-Forwarded-Prefix'];
    const lines = [...headers.map((name) => `${name}: ${PUBLIC}`), 'X-HTTP-Method-Override: GET'];
    const { answer, seen } = await asUser({ target: `${ADMIN}/x`, lines });
    expect([answer, seen]).toEqual(['403 permission_missing', []]);
  });
});

test.each(CREDENTIALS)('of %j the answers are %j, and no token of the client arrives', async (lines, answers) => {
  const [one, other] = tokens;
  const sent = lines.map((line) => line.replace(/\bT\b/, () => one).replace(/\bU\b/, () => other));
  const [needed, open] = [await ask({ target: ITEMS, lines: sent }), await ask({ target: PUBLIC, lines: sent })];
  expect([needed.answer, open.answer]).toEqual(answers);
  const authorizations = [...needed.seen, ...open.seen].map((seen) => headerOf(seen, 'authorization') ?? '');
  expect(authorizations.filter((value) => value.includes(one) || value.includes(other))).toEqual([]);
});

test('a token in the query is none', async () => {
  const { answer } = await ask({ target: `${ITEMS}?access_token=${tokens[0]}` });
  expect(answer).toBe('401 token_missing');
});

describe('a request inside another stays there', () => {
  test.each(SHAPES)('$name', async ({ lines, body }) => {
    for (const target of [PUBLIC, ITEMS]) {
      const { seen } = await ask({ method: 'POST', target, lines, body });
      expect(seen.filter((one) => one.target !== PUBLIC)).toEqual([]);
      const values = seen.flatMap((one) => one.headers.map(([, value]) => value));
      expect(values.filter((value) => /[\r\n\0]/.test(value))).toEqual([]);
    }
    // Whatever was left on a connection between Envoys or to the service would come now.
    const { answer, seen } = await ask(HONEST);
    expect([answer, seen.map(({ target, bytes }) => `${target} ${bytes}`)]).toEqual([
      '200',
      [`${PUBLIC} ${HONEST.body.length}`],
    ]);
    expect(echo.app.seen.map(({ target }) => target)).not.toContain(SMUGGLED);
  });
});

test.each(HOSTS)('the host of a request: %s', async (_, { target = VIRTUAL.path, ...asked }, wanted) => {
  const { answer, seen } = await ask({ target, ...asked });
  expect([answer, seen.length]).toEqual([wanted, wanted === '200' ? 1 : 0]);
});

test.each(LIMITS)('%s', async (_, head, wanted) => {
  const { answer, seen } = await ask(head);
  expect([answer, seen.length]).toEqual([wanted, wanted === '200' ? 1 : 0]);
});

describe('what is more than a request and an answer', () => {
  test('gRPC passes with a token, and without one its own status says so', async () => {
    expect(await call(SAY, { authorization: `Bearer ${tokens[0]}` })).toEqual({ status: 200, code: 0 });
    expect(await call(SAY)).toEqual({ status: 200, code: UNAUTHENTICATED });
    expect(await call(PING)).toEqual({ status: 200, code: 0 });
  });

  test('an upload of 10 MB streams through', async () => {
    const [token] = tokens;
    const { status, body } = await decided(
      () => upload(mesh.edge + ITEMS, token),
      (answer) => answer.status === 503,
    );
    expect([status, JSON.parse(body)]).toEqual([200, UPLOADED]);
  });

  test('a WebSocket opens with a token, and carries what is sent; without one it does not open', async () => {
    const said = 'what was said';
    const opened = (lines: readonly string[]) =>
      decided(
        () => talk(edge, upgrade({ target: ITEMS, lines }), said),
        (answer) => answer === '503',
      );
    expect(await opened([])).toBe('401');
    expect(await opened([bearer()])).toBe(said);
  });

  test('no other protocol is switched to', async () => {
    const lines = ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'];
    const bytes = requestBytes({ target: PUBLIC, lines });
    const { answer } = await attempt(bytes.replace('Connection: close', 'Connection: Upgrade, HTTP2-Settings, close'));
    expect(answer).toBe('200');
  });
});
