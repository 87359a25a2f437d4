import { readFile } from 'node:fs/promises';
import { PLATFORM_ISSUER } from '@sekisho/cdk8s';
import { API_VERSION, ISSUER_KIND, readIssuerStatus } from '@sekisho/policy';
import { keyIdOf } from '@sekisho/tokens';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { waitFor } from '../mesh/wait.ts';
import { call, json, outcome } from '../story/http.ts';
import { type StoryContext, storyContext } from '../story/index.ts';

const ITEMS = '/api/bucket-items';
const PATIENCE = { timeout: 240_000 };

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

/** Sends requests one after the other, each with the token of that moment, until `stop` resolves. */
function sendAllTheTime(token: () => string) {
  const answers: string[] = [];
  let going = true;
  const sending = (async () => {
    while (going) answers.push(outcome(await call(context.mesh.gateway + ITEMS, { token: token() })));
  })();
  const stop = async () => {
    going = false;
    await sending;
  };
  return { answers, stop };
}

test('the signing key is replaced while requests go on, and every policy holds the new one before it signs', async () => {
  let token = await context.logIn(context.alice);
  const old = keyIdOf(token);
  const { answers, stop } = sendAllTheTime(() => token);
  try {
    // To ask once more changes nothing: it has begun.
    const asked = async () => (await keys('POST')).find(({ state }) => state === 'next')?.kid;
    const next = await waitFor('there is a key to go over to', asked, PATIENCE);
    const signer = keyIdOf(await context.logIn(context.alice));
    if (signer !== old) expect([signer, await isHeld(next)]).toEqual([next, true]);
    const signsOnlyWhenHeld = async () => {
      const signs = (await keys()).some(({ kid, state }) => kid === next && state === 'active');
      return signs ? { held: await isHeld(next) } : undefined;
    };
    const began = await waitFor('the new key signs', signsOnlyWhenHeld, PATIENCE);
    expect(began).toEqual({ held: true });
    token = await context.logIn(context.alice);
    expect(keyIdOf(token)).toBe(next);
    expect(outcome(await call(context.mesh.gateway + ITEMS, { token }))).toBe('200');
    await waitFor('requests went on', async () => answers.length > 20, PATIENCE);
  } finally {
    await stop();
  }
  expect(answers.filter((answer) => answer !== '200')).toEqual([]);
}, 900_000);
