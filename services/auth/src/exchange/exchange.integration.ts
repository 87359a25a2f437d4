import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { asAdmin, fetchInto } from '../oauth/testing/platform.ts';
import { ISSUER, startWorld, type World } from '../oauth/testing/world.ts';
import { ADMIN_LOGIN, databaseKinds, logIn } from '../testing/real-service.ts';
import { openServiceAccounts } from '../testing/service-accounts.ts';
import { TOKEN_EXCHANGE } from './grant-type.ts';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

/** By how much the clock of the auth service is before that of the API server, which goes on meanwhile. */
let aheadMs = 0;
let world: World;
let accounts: Awaited<ReturnType<typeof openServiceAccounts>>;
let clientId: string;

beforeAll(async () => {
  const kubeconfig = inject('kubeconfig');
  const [kind] = databaseKinds('');
  if (kind === undefined) throw new Error('no database');
  accounts = await openServiceAccounts(kubeconfig);
  clientId = await accounts.create('bucket');
  const workloadKeys = { kind: 'cluster', kubeconfig, pod: undefined } as const;
  world = await startWorld(kind, inject('redisUrl'), { workloadKeys, clock: () => new Date(Date.now() + aheadMs) });
  await grant({
    service: 'bucket',
    grants: [{ service: 'user', own: ['user:list'], delegated: { permissions: ['user:read'], roles: ['member'] } }],
  });
});
afterAll(async () => {
  await accounts.close();
  await world.close();
});

const grant = (body: object) => asAdmin(world.service, 'PUT', path(), body);
const path = () => `/v1/workloads/${accounts.namespace}/bucket/grants`;

function exchange(parameters: Readonly<Record<string, string>>) {
  return world.service.publicApp.inject({
    method: 'POST',
    url: '/oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ grant_type: TOKEN_EXCHANGE, client_id: clientId, ...parameters }).toString(),
  });
}

const proof = (token: string) => ({ subject_token: token, subject_token_type: JWT });

async function userToken(): Promise<string> {
  const grants = ['bucket', 'user'].map((service) => ({
    service,
    permissions: [`${service}:read`, `${service}:delete`],
  }));
  const { email, password } = await world.addUser({ roles: ['member', 'admin'], grants });
  return (await logIn(world.service, { email, password, services: ['bucket'] })).json().access_token;
}

describe('token exchange with a ServiceAccount token of a real cluster', () => {
  test('gives a workload a token for itself, as an independent client asks for it', async () => {
    const as = { issuer: ISSUER, token_endpoint: `${ISSUER}/oauth/token` };
    const client = { client_id: clientId };
    const parameters = { ...proof(await accounts.token('bucket')), audience: 'user' };
    const options = { [oauth.customFetch]: fetchInto(world.service.publicApp) };
    const response = await oauth.genericTokenEndpointRequest(
      as,
      client,
      oauth.None(),
      TOKEN_EXCHANGE,
      parameters,
      options,
    );
    const result = await oauth.processGenericTokenEndpointResponse(as, client, response);
    expect(result).toMatchObject({ token_type: 'bearer', expires_in: 300, issued_token_type: ACCESS_TOKEN });
    const claims = await world.claimsOf(result.access_token, 'user');
    expect(claims).toMatchObject({ sub: clientId, services: { user: { permissions: ['user:list'] } } });
  });

  test('gives it a token for the user who called it, by audience or resource, narrowed by scope', async () => {
    const actor = { actor_token: await accounts.token('bucket'), actor_token_type: JWT };
    const subject = { subject_token: await userToken(), subject_token_type: ACCESS_TOKEN };
    const response = await exchange({
      ...subject,
      ...actor,
      resource: `${ISSUER}/services/user`,
      scope: 'user:read x',
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json()).toMatchObject({ token_type: 'Bearer', scope: 'user:read' });
    const claims = await world.claimsOf(response.json().access_token, 'user');
    expect(claims).toMatchObject({ act: { sub: clientId }, services: { user: { permissions: ['user:read'] } } });
    const withRoles = await exchange({ ...subject, ...actor, audience: 'user' });
    expect((await world.claimsOf(withRoles.json().access_token, 'user')).user).toMatchObject({ roleList: 'member' });
  });

  test('ends with the sessions of the user', async () => {
    const token = await userToken();
    const reset = { password: 'another correct horse' };
    await asAdmin(world.service, 'PUT', `/v1/users/${decodeJwt(token).sub}/password`, reset);
    const actor = { actor_token: await accounts.token('bucket'), actor_token_type: JWT };
    const refused = await exchange({
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      ...actor,
      audience: 'user',
    });
    expect(refused.json()).toMatchObject({ error: 'invalid_request' });
  });

  test('refuses a token for another audience, an expired one, and one that another cluster signed', async () => {
    const other = await exchange({ ...proof(await accounts.token('bucket', 'vault')), audience: 'user' });
    expect(other.statusCode).toBe(400);
    expect(other.json()).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('audience sekisho'),
    });
    const token = await accounts.token('bucket');
    const { kid } = decodeProtectedHeader(token);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const header = { alg: 'ES256', ...(kid !== undefined && { kid }) };
    const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(privateKey);
    expect((await exchange({ ...proof(forged), audience: 'user' })).json()).toMatchObject({ error: 'invalid_request' });
    aheadMs = 700_000;
    expect((await exchange({ ...proof(token), audience: 'user' })).json()).toMatchObject({ error: 'invalid_request' });
    aheadMs = 0;
    expect((await exchange({ ...proof(token), audience: 'user' })).statusCode).toBe(200);
  });

  test('refuses another workload, an unknown service, and a client that is none', async () => {
    await accounts.create('other');
    const token = await accounts.token('other');
    expect((await exchange({ ...proof(token), audience: 'user' })).json()).toMatchObject({ error: 'invalid_request' });
    const asItself = `system:serviceaccount:${accounts.namespace}:other`;
    const ungranted = await exchange({ ...proof(token), client_id: asItself, audience: 'user' });
    expect(ungranted.json()).toMatchObject({ error: 'invalid_target' });
    const own = proof(await accounts.token('bucket'));
    expect((await exchange({ ...own, audience: 'file' })).json()).toMatchObject({ error: 'invalid_target' });
    const { id } = await world.addClient({ authMethod: 'none' });
    expect((await exchange({ ...own, client_id: id, audience: 'user' })).statusCode).toBe(400);
  });

  test('refuses what is asked wrongly, with what is wrong', async () => {
    const own = proof(await accounts.token('bucket'));
    const wrong: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
      [own, 'audience or resource'],
      [{ ...own, audience: 'user', resource: `${ISSUER}/services/user` }, 'audience or resource'],
      [{ ...own, audience: 'user', subject_token_type: ACCESS_TOKEN }, 'subject_token_type'],
      [{ ...own, audience: 'user', requested_token_type: 'urn:x' }, 'requested_token_type'],
      [{ audience: 'user', subject_token_type: JWT }, 'subject_token'],
    ];
    for (const [parameters, text] of wrong) {
      const response = await exchange(parameters);
      expect(response.json()).toMatchObject({
        error: 'invalid_request',
        error_description: expect.stringContaining(text),
      });
    }
    const scope = await exchange({ ...own, audience: 'user', scope: 'user:delete' });
    expect(scope.json()).toMatchObject({ error: 'invalid_scope' });
  });
});

describe('the grants of workloads', () => {
  test('are read with a tag, and replaced by who sends it', async () => {
    const read = await asAdmin(world.service, 'GET', path());
    expect(read.headers['etag']).toBe('"1"');
    const { grants } = read.json();
    expect((await grant({ grants })).json()).toMatchObject({ status: 428, code: 'version_required' });
    const token = (await logIn(world.service, ADMIN_LOGIN)).json().access_token;
    const put = (etag: string) =>
      world.service.adminApp.inject({
        method: 'PUT',
        url: path(),
        headers: { authorization: `Bearer ${token}`, 'if-match': etag },
        payload: { service: 'bucket', grants },
      });
    expect((await put('"7"')).json()).toMatchObject({ code: 'version_conflict' });
    expect((await put('"1"')).json()).toMatchObject({ version: 2, grants });
    const target = `workload:${accounts.namespace}.bucket`;
    const audit = (await asAdmin(world.service, 'GET', `/v1/audit?target=${target}`)).json();
    expect(audit.items.map(({ action }: { action: string }) => action)).toEqual([
      'workload.granted',
      'workload.granted',
    ]);
  });
});
