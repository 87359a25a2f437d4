import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { lacks } from '../kind/exceptions.ts';
import { killed as killedIn } from '../mesh/killed.ts';
import { answersOk, waitFor } from '../mesh/wait.ts';
import { call, outcome } from '../story/http.ts';
import { type StoryContext, storyContext } from '../story/index.ts';
import { Policies } from '../story/policies.ts';
import { settle } from '../story/settle.ts';

const ITEMS = '/api/bucket-items';
const DENIED = '403 RBAC: access denied';

let context: StoryContext;
let policies: Policies;
let token: string;

beforeAll(async () => {
  context = await storyContext(inject('mesh'));
  policies = new Policies(context.cluster);
});
/** One that outlives the test, however long the others took. */
beforeEach(async () => {
  token = await waitFor('a log-in', () => context.logIn(context.alice), { timeout: 60_000 });
});
afterEach(() => policies.reset());
afterAll(() => context?.close());

const killed = <T>(name: string, meanwhile: () => Promise<T>): Promise<T> => killedIn(context.mesh, name, meanwhile);

const withToken = async (): Promise<string> => outcome(await call(context.mesh.gateway + ITEMS, { token }));
const withoutToken = async (): Promise<string> => outcome(await call(context.mesh.gateway + ITEMS));

async function logIn(): Promise<string> {
  const { email, password } = context.alice;
  return outcome(await call(`${context.mesh.auth.url}/v1/sessions`, { method: 'POST', body: { email, password } }));
}

describe('while a part is down', () => {
  test('istiod: requests are decided as before, and a change arrives when it is back', async () => {
    const meanwhile = await killed('istiod', async () => {
      await policies.askFor('bucket:audit');
      return [await withToken(), await withoutToken()];
    });
    expect(meanwhile).toEqual(['200', DENIED]);
    expect(await settle(context.mesh.gateway + ITEMS, { token }, DENIED, 60_000)).toBe(DENIED);
    await policies.askFor('bucket:read');
    expect(await settle(context.mesh.gateway + ITEMS, { token }, '200', 60_000)).toBe('200');
  });

  test.skipIf(lacks(inject('mesh'), 'the API server taken away'))(
    'kube-apiserver: requests are decided as before, and the operator goes on when it is back',
    async () => {
      expect(await killed('kube-apiserver', async () => [await withToken(), await withoutToken()])).toEqual([
        '200',
        DENIED,
      ]);
      await waitFor('the operator is ready', () => answersOk(`${context.mesh.operator}/readyz`), { timeout: 60_000 });
      await policies.askFor('bucket:audit');
      expect(await settle(context.mesh.gateway + ITEMS, { token }, DENIED, 60_000)).toBe(DENIED);
      await policies.askFor('bucket:read');
      expect(await settle(context.mesh.gateway + ITEMS, { token }, '200', 60_000)).toBe('200');
    },
  );

  test('the operator: what was changed and deleted meanwhile is put right when it is back', async () => {
    const allow = await policies.generated('shop', 'bucket', 'ALLOW');
    await killed('operator', async () => {
      await context.cluster.client.delete(await context.cluster.resource(allow), {
        namespace: 'shop',
        name: allow.metadata.name,
      });
      // Without any ALLOW only the DENY stands between the service and a request without a token.
      expect(await settle(context.mesh.gateway + ITEMS, {}, DENIED)).toBe(DENIED);
    });
    const restored = await waitFor('the ALLOW is back', () => policies.generated('shop', 'bucket', 'ALLOW'), {
      timeout: 60_000,
    });
    expect(restored.metadata.name).toBe(allow.metadata.name);
    expect(await settle(context.mesh.gateway + ITEMS, { token }, '200')).toBe('200');
  });

  test('Redis: a log-in is refused with 503, tokens that are out go on', async () => {
    expect(await killed('valkey', async () => [await logIn(), await withToken()])).toEqual(['503 unavailable', '200']);
    await waitFor('log-in works again', async () => (await logIn()) === '201', { timeout: 60_000 });
  });

  test('the auth service: tokens that are out go on, and its keys are the same afterwards', async () => {
    const keys = async (): Promise<string> => (await call(`${context.mesh.auth.url}/.well-known/jwks.json`)).text;
    const before = await keys();
    expect(await killed('auth', withToken)).toBe('200');
    await waitFor('log-in works again', async () => (await logIn()) === '201', { timeout: 60_000 });
    expect(await keys()).toBe(before);
  });

  test.skipIf(lacks(inject('mesh'), 'a single Envoy taken away'))(
    'an Envoy: the edge answers 503, never a service without its Envoy',
    async () => {
      const answer = await killed('proxy-bucket', withToken);
      expect(answer).toMatch(/^503 /);
      expect(await settle(context.mesh.gateway + ITEMS, { token }, '200', 60_000)).toBe('200');
      expect(await withoutToken()).toBe(DENIED);
    },
  );
});
