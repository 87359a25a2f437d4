import { readFile } from 'node:fs/promises';
import { PLATFORM_ISSUER } from '@sekisho/cdk8s';
import { API_VERSION, ISSUER_KIND, readIssuerStatus } from '@sekisho/policy';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { waitFor } from '../mesh/wait.ts';
import { call, json, outcome } from '../story/http.ts';
import { type StoryContext, storyContext } from '../story/index.ts';

const ITEMS = '/api/bucket-items';

let context: StoryContext;
let admin: string;

beforeAll(async () => {
  context = await storyContext(inject('mesh'));
  const { adminEmail, adminPasswordFile } = context.mesh.auth;
  const password = (await readFile(adminPasswordFile, 'utf8')).trim();
  admin = await context.logIn({ id: '', email: adminEmail, password }, ['auth']);
});
afterAll(() => context?.close());

interface KeyState {
  readonly kid: string;
  readonly state: string;
}

async function keys(method: 'GET' | 'POST' = 'GET'): Promise<readonly KeyState[]> {
  const path = method === 'GET' ? '/v1/keys' : '/v1/keys/rotate';
  return json(await call(context.mesh.auth.adminUrl + path, { method, token: admin }))['keys'] as KeyState[];
}

/** Whether the TokenIssuer says that all policies hold the key. */
async function isHeld(kid: string): Promise<boolean> {
  const { status } = await context.cluster.get(API_VERSION, ISSUER_KIND, '', PLATFORM_ISSUER);
  const key = readIssuerStatus(status).keys?.find((one) => one.kid === kid);
  return key !== undefined && key.of > 0 && key.policies === key.of;
}

const kidOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')).kid;

/** Sends requests one after the other, each with the token of that moment, until the returned function stops it. */
function sendAllTheTime(token: () => string): () => Promise<readonly string[]> {
  const answers: string[] = [];
  let going = true;
  const sending = (async () => {
    while (going) answers.push(outcome(await call(context.mesh.gateway + ITEMS, { token: token() })));
  })();
  return async () => {
    going = false;
    await sending;
    return answers;
  };
}

test('the signing key is replaced while requests go on, and every policy holds the new one before it signs', async () => {
  let token = await context.logIn(context.alice);
  const old = kidOf(token);
  const stop = sendAllTheTime(() => token);
  let answers: readonly string[] = [];
  try {
    const next = (await keys('POST')).find(({ state }) => state === 'next')?.kid ?? '';
    expect(kidOf(await context.logIn(context.alice))).toBe(old);
    const signsOnlyWhenHeld = async () => {
      const held = await isHeld(next);
      const signs = (await keys()).some(({ kid, state }) => kid === next && state === 'active');
      return signs ? { held } : undefined;
    };
    const began = await waitFor('the new key signs', signsOnlyWhenHeld, { timeout: 90_000 });
    expect(began).toEqual({ held: true });
    token = await context.logIn(context.alice);
    expect(kidOf(token)).toBe(next);
    expect(outcome(await call(context.mesh.gateway + ITEMS, { token }))).toBe('200');
  } finally {
    answers = await stop();
  }
  expect(answers.length).toBeGreaterThan(20);
  expect(answers.filter((answer) => answer !== '200')).toEqual([]);
}, 120_000);
