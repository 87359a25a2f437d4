import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createMinter, generateSigningKey, type Mint, type SigningKey } from '@sekisho/tokens';
import { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { call, json } from './http.ts';
import { Policies } from './policies.ts';
import { settle } from './settle.ts';

export const PARTNER_ISSUER = 'https://partner.example';

export interface Person {
  readonly email: string;
  readonly password: string;
  readonly id: string;
}

/** What the story's steps share. */
export interface StoryContext {
  readonly mesh: MeshInfo;
  readonly cluster: Cluster;
  /** May read and write items, and has files. */
  readonly alice: Person;
  /** May only read. */
  readonly bob: Person;
  /** An identity provider outside the platform, whose private key the story holds. */
  readonly partner: { readonly key: SigningKey; readonly mint: Mint; readonly mintAt: (clock: () => Date) => Mint };
  readonly logIn: (person: Person, services?: readonly string[]) => Promise<string>;
  readonly close: () => Promise<void>;
}

type Grants = Readonly<Record<string, readonly string[]>>;

const ALICE: Grants = {
  bucket: ['bucket:read', 'bucket:write'],
  file: ['file:read', 'file:write', 'file:delete'],
  notification: ['notification:read', 'notification:write'],
  user: ['user:read'],
};
const BOB: Grants = { bucket: ['bucket:read'], file: ['file:read'], user: ['user:read'] };

/** Resets the policies and makes two fresh users, so that a story can run again on the same mesh, also after one that was cut short. */
export async function storyContext(mesh: MeshInfo): Promise<StoryContext> {
  const cluster = new Cluster(mesh.kubeconfig);
  await new Policies(cluster).reset();
  const admin = await adminToken(mesh);
  await grantBucket(mesh, admin);
  const create = (name: string, roles: readonly string[], grants: Grants): Promise<Person> =>
    createUser(mesh, admin, { name, roles, grants });
  const key = await generateSigningKey();
  const mintAt = (clock: () => Date): Mint =>
    createMinter({ issuer: PARTNER_ISSUER, key: () => key, clock, uuid: randomUUID }).access;
  const alice = await create('alice', ['member', 'admin'], ALICE);
  // What the reset changed has reached every Envoy once this holds; when it never does, the story tells.
  await settle(`${mesh.gateway}/api/bucket-items`, { token: await logIn(mesh, alice) }, '200');
  return {
    mesh,
    cluster,
    alice,
    bob: await create('bob', ['member'], BOB),
    partner: { key, mint: mintAt(() => new Date()), mintAt },
    logIn: (person, services) => logIn(mesh, person, services),
    close: () => cluster.close(),
  };
}

async function adminToken(mesh: MeshInfo): Promise<string> {
  const password = (await readFile(mesh.auth.adminPasswordFile, 'utf8')).trim();
  return logIn(mesh, { email: mesh.auth.adminEmail, password }, ['auth']);
}

async function logIn(
  mesh: MeshInfo,
  person: Pick<Person, 'email' | 'password'>,
  services?: readonly string[],
): Promise<string> {
  const body = { email: person.email, password: person.password, ...(services === undefined ? {} : { services }) };
  const answer = await call(`${mesh.auth.url}/v1/sessions`, { method: 'POST', body });
  if (answer.status !== 201) throw new Error(`log in: ${answer.status} ${answer.text}`);
  return String(json(answer)['access_token']);
}

/** What bucket may do in the name of a user who called it. Also on a mesh where an earlier story has said so. */
async function grantBucket(mesh: MeshInfo, token: string): Promise<void> {
  const url = `${mesh.auth.adminUrl}/v1/workloads/shop/bucket/grants`;
  const grants = [
    { service: 'user', delegated: { permissions: ['user:read'] } },
    { service: 'notification', delegated: { permissions: ['notification:write'] } },
  ];
  const answer = await call(url, { method: 'PUT', token, body: { service: 'bucket', grants } });
  // 428: there are grants already.
  if (answer.status !== 200 && answer.status !== 428) throw new Error(`grant: ${answer.status} ${answer.text}`);
}

async function createUser(
  mesh: MeshInfo,
  token: string,
  { name, roles, grants: rights }: { name: string; roles: readonly string[]; grants: Grants },
): Promise<Person> {
  const email = `${name}-${randomBytes(4).toString('hex')}@example.com`;
  const password = randomBytes(18).toString('base64url');
  const grants = Object.entries(rights).map(([service, permissions]) => ({ service, permissions }));
  const answer = await call(`${mesh.auth.adminUrl}/v1/users`, {
    method: 'POST',
    token,
    body: { email, password, roles, grants },
  });
  if (answer.status !== 201) throw new Error(`create ${name}: ${answer.status} ${answer.text}`);
  return { email, password, id: String(json(answer)['id']) };
}
