import { randomUUID } from 'node:crypto';
import { createMinter, generateSigningKey, type Mint, type SigningKey } from '@sekisho/tokens';
import { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { Accounts, type Grant, logIn, type Person } from './accounts.ts';
import { Policies } from './policies.ts';
import { settle } from './settle.ts';

export const PARTNER_ISSUER = 'https://partner.example';

/** What the story's steps share. */
export interface StoryContext {
  readonly mesh: MeshInfo;
  readonly cluster: Cluster;
  readonly accounts: Accounts;
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
  const accounts = new Accounts(mesh);
  const create = (name: string, roles: readonly string[], rights: Grants): Promise<Person> =>
    accounts.create({ name, roles, grants: grantsOf(rights) });
  const key = await generateSigningKey();
  const mintAt = (clock: () => Date): Mint =>
    createMinter({ issuer: PARTNER_ISSUER, key: () => key, clock, uuid: randomUUID }).access;
  const alice = await create('alice', ['member', 'admin'], ALICE);
  // What the reset changed has reached every Envoy once this holds; when it never does, the story tells.
  await settle(`${mesh.gateway}/api/bucket-items`, { token: await logIn(mesh, alice) }, '200');
  return {
    mesh,
    cluster,
    accounts,
    alice,
    bob: await create('bob', ['member'], BOB),
    partner: { key, mint: mintAt(() => new Date()), mintAt },
    logIn: (person, services) => logIn(mesh, person, { services }),
    close: () => cluster.close(),
  };
}

function grantsOf(rights: Grants): readonly Grant[] {
  return Object.entries(rights).map(([service, permissions]) => ({ service, permissions }));
}
