import { randomUUID } from 'node:crypto';
import { createMinter, generateSigningKey, keyIdOf } from '@sekisho/tokens';
import type { StoryContext } from './context.ts';
import { call, json, outcome } from './http.ts';
import type { Chapter } from './step.ts';

const ITEMS = '/api/bucket-items';
const WHO_AM_I = '/api/whoami';
const DENIED = '403 RBAC: access denied';

/** What the edge lets through, what the service reads then, and everything that is refused before it. */
export const edgeChapter: Chapter<StoryContext> = {
  title: 'Through the gateway',
  steps: [
    {
      title: `GET ${ITEMS} with a token`,
      expected: '200',
      run: async ({ mesh, logIn, alice }) => outcome(await call(mesh.gateway + ITEMS, { token: await logIn(alice) })),
    },
    {
      title: 'the caller that the service sees',
      expected:
        "user, id alice's, roles member,admin, permissions bucket:read,bucket:write, by way of istio-ingress/public-istio",
      run: callerOf,
    },
    {
      title: 'the headers that the service read',
      expected: "x-user-id alice's, x-user-roles member,admin",
      run: async (context) => headersOf(context, {}),
    },
    {
      title: 'spoofed x-user-id and x-user-roles beside a token',
      expected: "x-user-id alice's, x-user-roles member,admin",
      run: async (context) => headersOf(context, { 'x-user-id': 'root', 'x-user-roles': 'owner', 'x-session-id': '' }),
    },
    {
      title: 'spoofed identity headers without a token',
      expected: DENIED,
      run: async ({ mesh, alice }) => {
        const headers = { 'x-user-id': alice.id, 'x-user-roles': 'admin', 'x-jwt-payload': 'e30' };
        return outcome(await call(mesh.gateway + WHO_AM_I, { headers }));
      },
    },
    { title: 'no token', expected: DENIED, run: async ({ mesh }) => outcome(await call(mesh.gateway + ITEMS)) },
    {
      title: 'a token of another audience',
      expected: '403 Audiences in Jwt are not allowed',
      run: async ({ mesh, logIn, alice }) =>
        outcome(await call(mesh.gateway + ITEMS, { token: await logIn(alice, ['user']) })),
    },
    {
      title: 'a token signed by another key under the same kid',
      expected: '401 Jwt verification fails',
      run: async (context) => outcome(await call(context.mesh.gateway + ITEMS, { token: await forged(context) })),
    },
    {
      title: 'a token without the permission',
      expected: DENIED,
      run: async ({ mesh, logIn, bob }) => {
        const options = { method: 'POST', token: await logIn(bob), body: { title: 'climb Fuji' } };
        return outcome(await call(mesh.gateway + ITEMS, options));
      },
    },
  ],
};

async function whoAmI(
  { mesh, logIn, alice }: StoryContext,
  headers: Record<string, string>,
): Promise<Record<string, unknown>> {
  return json(await call(mesh.gateway + WHO_AM_I, { token: await logIn(alice), headers }));
}

async function callerOf(context: StoryContext): Promise<string> {
  const caller = (await whoAmI(context, {}))['caller'] as {
    kind: string;
    id: string;
    roles: string[];
    permissions: string[];
    peer?: { namespace: string; serviceAccount: string };
  };
  const { kind, roles, permissions, peer } = caller;
  const rights = `roles ${roles.join(',')}, permissions ${permissions.join(',')}`;
  return `${kind}, id ${nameOf(caller.id, context)}, ${rights}, by way of ${peer?.namespace}/${peer?.serviceAccount}`;
}

async function headersOf(context: StoryContext, headers: Record<string, string>): Promise<string> {
  const read = (await whoAmI(context, headers))['headers'] as Record<string, string>;
  return `x-user-id ${nameOf(read['x-user-id'], context)}, x-user-roles ${read['x-user-roles']}`;
}

const nameOf = (id: string | undefined, { alice }: StoryContext): string => (id === alice.id ? "alice's" : String(id));

/** A token that is right in every claim and in the `kid` of its header, but signed by a key that is not the platform's. */
async function forged({ mesh, logIn, alice }: StoryContext): Promise<string> {
  const key = { ...(await generateSigningKey()), kid: String(keyIdOf(await logIn(alice))) };
  const minter = createMinter({ issuer: mesh.auth.issuer, key: () => key, clock: () => new Date(), uuid: randomUUID });
  const services = { bucket: { permissions: ['bucket:read'] } };
  return (
    await minter.access({ subject: alice.id, clientId: 'web', audience: ['bucket'], services, lifetimeSeconds: 300 })
  ).token;
}
