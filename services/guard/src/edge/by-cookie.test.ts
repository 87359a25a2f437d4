import { BROWSER_COOKIE } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { refusedWith } from '../testing/edge-answers.ts';
import { edgeWorld, type World } from '../testing/edge-world.ts';
import { policy } from '../testing/objects.ts';

const COOKIE = `${BROWSER_COOKIE}=alice`;
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
const NOBODY = { allowed: true, authorization: 'removed', cookies: '' };

const writing = policy('bucket', {
  rules: [
    { name: 'write', to: [{ methods: ['POST'], paths: ['/api/*'] }], allow: { authenticated: true } },
    { name: 'read', to: [{ methods: ['GET'], paths: ['/api/*'] }], allow: { permissions: { anyOf: ['bucket:read'] } } },
    { name: 'open', to: [{ paths: ['/open'] }], allow: { public: true } },
  ],
});

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorization?: string;
}

async function setUp() {
  const world = await edgeWorld({ policies: [writing] });
  world.cookies.set('alice', await world.logIn('alice'));
  const ask = ({ cookie = COOKIE, headers = {}, ...rest }: Asked = {}) => {
    const all: Readonly<Record<string, string>> = { host: 'bucket.example', cookie, ...headers };
    return world.ask({ ...rest, header: (name) => all[name] });
  };
  return { world, ask };
}

const later = (world: World, ms: number) => {
  world.now = new Date(world.now.getTime() + ms);
};

describe('a request with the cookie of a session', () => {
  test('is decided as with its token, which is exchanged for one of the service', async () => {
    const { world, ask } = await setUp();
    const answer = await ask();
    expect(answer).toMatchObject({ allowed: true, authorization: expect.stringMatching(/^Bearer /), cookies: '' });
    expect(JSON.stringify(answer)).not.toContain(String(world.cookies.get('alice')));
    expect(await ask()).toEqual(answer);
    expect(world.exchanged).toEqual(['alice']);
    expect(await ask({ path: '/elsewhere' })).toMatchObject(refusedWith('route_unknown', 403));
  });

  test('keeps the other cookies, and only them', async () => {
    const { ask } = await setUp();
    const cookie = `theme=dark; ${COOKIE}; __Host-sekisho_session=x; __Host-sekisho_session.sig=y;lang="ja"`;
    expect(await ask({ cookie })).toMatchObject({ allowed: true, cookies: 'theme=dark; lang="ja"' });
    expect(await ask({ cookie: 'theme=dark', path: '/open' })).toEqual({ allowed: true, authorization: 'removed' });
  });

  test('does not take it along where the Gateway answers by itself, as far as is known here', async () => {
    const { world } = await setUp();
    const routing = { find: () => ({ kind: 'gateway' }) as const };
    const header = (name: string) => (name === 'cookie' ? `${COOKIE}; theme=dark` : undefined);
    expect(await world.ask({ header }, { routing })).toEqual({ ...NOBODY, cookies: 'theme=dark' });
  });

  test('and a token is decided by the token alone', async () => {
    const { world, ask } = await setUp();
    const token = await world.logIn('bob');
    expect(await ask({ authorization: `Bearer ${token}`, method: 'POST' })).toMatchObject({
      allowed: true,
      cookies: '',
    });
    expect(await ask({ authorization: 'Bearer x' })).toMatchObject({ status: 401 });
    expect(await ask({ authorization: 'Basic YTpi' })).toMatchObject(refusedWith('token_missing', 401));
    expect(world.exchanged).toEqual([]);
  });

  test('that came twice is malformed, on a public path too', async () => {
    const { ask } = await setUp();
    const cookie = `${COOKIE}; ${BROWSER_COOKIE}=mallory`;
    expect(await ask({ cookie })).toMatchObject(refusedWith('request_malformed', 400));
    expect(await ask({ cookie, path: '/open' })).toMatchObject(refusedWith('request_malformed', 400));
  });

  test('is refused when the session was revoked, at once', async () => {
    const { world, ask } = await setUp();
    await ask();
    world.revoked.add('session-alice');
    expect(await ask()).toMatchObject(refusedWith('token_revoked', 401));
    world.cookies.delete('alice');
    later(world, 1_000);
    expect(await ask()).toMatchObject(refusedWith('session_expired', 401));
  });

  test('goes on with another token when the first was revoked alone', async () => {
    const { world, ask } = await setUp();
    await ask();
    later(world, 1_000);
    const { jti } = JSON.parse(
      Buffer.from(String(world.cookies.get('alice')).split('.')[1] ?? '', 'base64url').toString(),
    );
    world.revoked.add(jti);
    world.cookies.set('alice', await world.logIn('alice'));
    expect(await ask()).toMatchObject({ allowed: true });
    expect(world.exchanged).toEqual(['alice', 'alice']);
  });

  test('goes on while the auth service is away, if its token is held; others are 503', async () => {
    const { world, ask } = await setUp();
    await ask();
    world.cookies.set('alice', new Error('away'));
    world.cookies.set('bob', new Error('away'));
    later(world, 800_000);
    expect(await ask()).toMatchObject({ allowed: true });
    expect(await ask({ cookie: `${BROWSER_COOKIE}=bob` })).toMatchObject(refusedWith('unavailable', 503));
    later(world, 100_000);
    expect(await ask()).toMatchObject({ allowed: false });
  });

  test('never brings its own token to a service that takes others only', async () => {
    const { world, ask } = await setUp();
    world.apply([policy('bucket', { issuers: ['partner'] })]);
    expect(await ask()).toMatchObject(refusedWith('token_invalid', 401));
  });
});

describe('a cookie that does not count', () => {
  test.each([
    ['inside another one', `theme=dark,${COOKIE}`],
    ['behind what is a space to scripts and none to browsers', `\u00a0${COOKIE}`],
  ])('because a sibling host may set it, %s, is nobody’s', async (_, cookie) => {
    const { world, ask } = await setUp();
    expect(await ask({ cookie })).toMatchObject(refusedWith('token_missing', 401));
    expect(await ask({ cookie: `${COOKIE}; ${cookie}` })).toMatchObject({ allowed: true });
    expect(world.exchanged).toEqual(['alice']);
  });

  test.each([
    ['stands for nothing', { cookie: `${BROWSER_COOKIE}=unknown` }],
    ['is empty', { cookie: `${BROWSER_COOKIE}=` }],
    ['was sent by another site', { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } }],
  ])('because it %s opens what is open to everybody, as nobody', async (_, request) => {
    const { ask } = await setUp();
    expect(await ask({ ...request, path: '/open' })).toEqual(NOBODY);
    expect(await ask({ ...request, path: '/api/x' })).toMatchObject({ allowed: false });
  });

  test('because the auth service is away opens it too', async () => {
    const { world, ask } = await setUp();
    world.cookies.set('alice', new Error('away'));
    expect(await ask({ path: '/open' })).toEqual(NOBODY);
  });
});

describe('a request that another site made a browser send', () => {
  test.each<[string, string, Readonly<Record<string, string>>]>([
    ['a form of another site', 'POST', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a form of a sibling host', 'POST', { 'sec-fetch-site': 'same-site' }],
    ['a script that claims nothing', 'POST', {}],
    ['a form without Fetch Metadata', 'POST', { origin: 'http://evil.example' }],
    ['a form in a sandbox', 'POST', { origin: 'null' }],
    ['the same host by another scheme', 'POST', { origin: 'https://bucket.example' }],
    ['the same host on another port', 'POST', { origin: 'http://bucket.example:8080' }],
    ['a deletion', 'DELETE', { 'sec-fetch-site': 'same-site' }],
    ['a method of its own', 'PURGE', { 'sec-fetch-site': 'none' }],
    ['a WebSocket', 'GET', { upgrade: 'websocket', origin: 'https://evil.example' }],
    ['a WebSocket with Fetch Metadata', 'GET', { upgrade: 'websocket', 'sec-fetch-site': 'same-site' }],
    ['an image', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
  ])('is refused, and asks the auth service nothing: %s', async (_, method, headers) => {
    const { world, ask } = await setUp();
    const request = { method, headers, path: '/api/x' };
    expect(await ask(request)).toMatchObject(refusedWith('csrf_refused', 403));
    expect(world.exchanged).toEqual([]);
  });

  test.each<[string, string, Readonly<Record<string, string>>]>([
    ['a page of its own', 'POST', SAME_ORIGIN],
    ['a page of its own that hides where it is', 'POST', { ...SAME_ORIGIN, origin: 'null' }],
    ['a page of its own in an old browser', 'POST', { origin: 'http://bucket.example' }],
    [
      'a link on another site',
      'GET',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
    ['an address that was typed', 'GET', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
    ['a WebSocket of a page of its own', 'GET', { upgrade: 'websocket', origin: 'http://bucket.example' }],
  ])('is not meant: %s', async (_, method, headers) => {
    const { ask } = await setUp();
    expect(await ask({ method, headers, path: '/api/x' })).toMatchObject({ allowed: true });
  });

  test('is compared with the port that it was sent to', async () => {
    const { ask } = await setUp();
    const headers = { host: 'bucket.example:8080', origin: 'http://bucket.example:8080' };
    expect(await ask({ method: 'POST', headers, path: '/api/x' })).toMatchObject({ allowed: true });
  });

  test('with a preflight before it passes as nobody', async () => {
    const { ask } = await setUp();
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    expect(await ask({ method: 'OPTIONS', headers })).toEqual(NOBODY);
  });
});

describe('a person without a session', () => {
  const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

  test('is led to the log-in page, and back afterwards', async () => {
    const { world, ask } = await setUp();
    world.loginPath = '/login';
    const asked = { cookie: '', headers: page, path: '/api/x', query: 'page=2&q=a%26b' };
    expect(await ask(asked)).toMatchObject({
      ...{ allowed: false, status: 302, code: 'token_missing' },
      location: `/login?to=${encodeURIComponent('/api/x?page=2&q=a%26b')}`,
    });
    expect(await ask({ cookie: '', headers: { accept: 'text/html,*/*' } })).toMatchObject({ status: 302 });
    expect(await ask({ cookie: `${BROWSER_COOKIE}=unknown`, headers: page })).toMatchObject({
      ...{ status: 302, code: 'session_expired' },
    });
  });

  test.each<[string, Asked]>([
    ['a program', { cookie: '' }],
    ['a script', { cookie: '', headers: { ...page, 'sec-fetch-mode': 'cors' } }],
    ['a form', { cookie: '', method: 'POST', headers: page }],
    ['who sends a token', { authorization: 'Bearer x', headers: page }],
    ['the log-in page itself', { cookie: '', headers: page, path: '/login' }],
  ])('is not %s', async (_, asked) => {
    const { world, ask } = await setUp();
    world.loginPath = '/login';
    const answer = await ask(asked);
    expect(answer).not.toHaveProperty('location');
    expect(answer).toMatchObject({ allowed: false });
  });

  test('is not led out of this host, nor by a way back that is too long', async () => {
    const { world, ask } = await setUp();
    world.loginPath = '/login';
    const answer = await ask({ cookie: '', headers: page, path: `/api/${'x'.repeat(3_000)}` });
    expect(answer).toMatchObject({ status: 302, location: '/login' });
  });

  test('is not led in circles: where the session is alive and not accepted, another one is not either', async () => {
    const { world, ask } = await setUp();
    world.loginPath = '/login';
    world.apply([policy('bucket', { issuers: ['partner'] })]);
    expect(await ask({ headers: page })).toMatchObject(refusedWith('token_invalid', 401));
  });

  test('is told so where there is no log-in page', async () => {
    const { ask } = await setUp();
    expect(await ask({ cookie: '', headers: page })).toMatchObject(refusedWith('token_missing', 401));
  });
});
