import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Service } from '../service.ts';
import { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from '../testing/real-service.ts';

let now = Date.now();
let service: Service;
let remove = async () => {};

beforeAll(async () => {
  const database = await databaseKinds('')[0]?.create();
  remove = database?.remove ?? remove;
  const urls = { redisUrl: inject('redisUrl'), databaseUrl: database?.url ?? '' };
  service = await startService({ ...urls, clock: () => new Date(now) });
  await untilReady(service);
});
afterAll(async () => {
  await service.close();
  await remove();
});

const firstToken = async (): Promise<string> => (await logIn(service, ADMIN_LOGIN)).json().refresh_token;
const refresh = (refresh_token: string) =>
  service.publicApp.inject({ method: 'POST', url: '/v1/sessions/refresh', payload: { refresh_token } });

test('100 who use one refresh token at once get one successor, which is valid', async () => {
  const first = await firstToken();
  const responses = await Promise.all(Array.from({ length: 100 }, () => refresh(first)));
  expect(new Set(responses.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  const successors = new Set<string>(responses.map((response) => response.json().refresh_token));
  expect(successors.size).toBe(1);
  const [successor = ''] = successors;
  now += 60_000;
  expect((await refresh(successor)).statusCode).toBe(200);
});

test('a replay after the window ends the session for everybody, whoever comes first', async () => {
  const first = await firstToken();
  const second = (await refresh(first)).json().refresh_token;
  now += 10_001;
  const late = await Promise.all([first, first, first].map(refresh));
  for (const response of late) expect(response.json()).toMatchObject({ status: 401, code: 'session_expired' });
  expect((await refresh(second)).json()).toMatchObject({ status: 401, code: 'session_expired' });
});

test('a session is not refreshed without bound', async () => {
  const first = await firstToken();
  const responses = await Promise.all(Array.from({ length: 130 }, () => refresh(first)));
  const refused = responses.filter(({ statusCode }) => statusCode === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]?.json()).toMatchObject({ code: 'rate_limited' });
  expect(responses.filter(({ statusCode }) => statusCode === 200).length).toBeGreaterThanOrEqual(120);
});
