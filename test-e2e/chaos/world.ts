import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PLATFORM_ISSUER } from '@sekisho/cdk8s';
import {
  API_VERSION,
  type DecisionPolicy,
  ISSUER_KIND,
  POLICY_KIND,
  parseServiceAuthPolicy,
  prepareDecision,
} from '@sekisho/policy';
import { createMinter, generateSigningKey, keyIdOf } from '@sekisho/tokens';
import { identities } from '../differential/identities.ts';
import { ECHO, type Echo, openEcho } from '../echo/echo.ts';
import { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { Accounts, type Grant, logIn, type Person } from '../story/accounts.ts';
import { Policies } from '../story/policies.ts';
import type { Credential, Presented, Service } from './ask.ts';
import { createOracle, GATEWAY, type MayPass } from './oracle.ts';
import { createSender, type Sender } from './send.ts';

/** Everything that a run is made of. */
export interface World extends AsyncDisposable {
  readonly mesh: MeshInfo;
  readonly cluster: Cluster;
  readonly accounts: Accounts;
  readonly echo: Echo;
  readonly sender: Sender;
  readonly mayPass: MayPass;
  /** With the tokens of now. */
  readonly people: Readonly<Record<PersonName, Credential>>;
  /** After the administrator's token of now. */
  readonly forged: Presented;
  /** Has people log in again, but for who leaves. */
  renew(): Promise<void>;
}

/** The guard of the local mesh, by its own settings: what it knows may be 5 s old, and a read is held for 1 s. */
const REVOCATION_MS = 6_000;
/** As Envoy and every verifier of the platform allow. */
const SKEW_SECONDS = 60;
const ECHO_WORKLOAD = `${ECHO.namespace}/${ECHO.name}`;

/** On a machine that stands still now and then there is time to log in. */
const LEAVES_AFTER_SECONDS = 30;
const USER: Grant = { service: 'user', permissions: ['user:read'] };
const PEOPLE = {
  reader: {
    roles: [],
    grants: [
      { service: 'echo', permissions: ['echo:read'] },
      { service: 'bucket', permissions: ['bucket:read'] },
      USER,
    ],
  },
  writer: {
    roles: [],
    grants: [
      { service: 'echo', permissions: ['echo:read', 'echo:write'] },
      { service: 'bucket', permissions: ['bucket:read', 'bucket:write'] },
      USER,
    ],
  },
  administrator: { roles: ['admin'], grants: [{ service: 'echo', permissions: ['echo:read'] }] },
  stranger: { roles: ['admin'], grants: [USER] },
  leaver: { roles: [], grants: [{ service: 'echo', permissions: ['echo:read'] }] },
} as const;
export type PersonName = keyof typeof PEOPLE;
/** Whose grants do not end. */
const STAYING = ['reader', 'writer', 'administrator', 'stranger'] as const satisfies readonly PersonName[];
/** Of the quarter of an hour that tokens live. */
const RENEWED_AFTER_MS = 300_000;
const RETRY_MS = 2_000;

export async function openWorld(mesh: MeshInfo): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const cluster = new Cluster(mesh.kubeconfig);
  opened.defer(() => cluster.close());
  const policies = new Policies(cluster);
  await policies.reset();
  const echo = opened.use(await openEcho(mesh, cluster, { revocation: { check: 'EveryHop' } }));
  const accounts = new Accounts(mesh);
  const delegated = { permissions: ['echo:read'] };
  await accounts.grant(ECHO_WORKLOAD, { service: 'echo', grants: [{ service: 'echo', delegated }] });
  const { namespace, serviceAccount, trustDomain } = GATEWAY;
  const identity = await (await identities(cluster))(`spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`);
  const sender = opened.use(createSender({ edge: mesh.edge, service: echo.address, identity }));
  const ready = await decisionPolicies(mesh, cluster);
  const mayPass = createOracle(ready, { revocationMs: REVOCATION_MS, skewSeconds: SKEW_SECONDS });
  const entered = await enter({ mesh, accounts });
  const people = mapped(({ credential }) => credential, entered);
  let forged = await forge(people.administrator);
  const held = opened.move();
  return {
    ...{ mesh, cluster, accounts, echo, sender, mayPass, people },
    get forged() {
      return forged;
    },
    async renew() {
      for (const name of STAYING) people[name] = credentialOf(await logIn(mesh, entered[name].person));
      forged = await forge(people.administrator);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Every few minutes, and soon again where a fault prevents it. */
export async function renewPeople(world: Pick<World, 'renew'>, signal: AbortSignal): Promise<void> {
  let pauseMs = RENEWED_AFTER_MS;
  for (;;) {
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    pauseMs = await world.renew().then(
      () => RENEWED_AFTER_MS,
      () => RETRY_MS,
    );
  }
}

type Facts = Pick<World, 'mesh' | 'accounts'>;
type Of<T> = Record<PersonName, T>;

/** Each logs in right away: who leaves does so soon. */
async function enter(facts: Facts): Promise<Of<{ readonly person: Person; readonly credential: Credential }>> {
  const one = async (name: PersonName, expires?: number) => {
    const { roles, grants } = PEOPLE[name];
    const ending = grants.map((grant) => ({ ...grant, ...(expires !== undefined && { expires }) }));
    const person = await facts.accounts.create({ name, roles, grants: ending });
    return { person, credential: credentialOf(await logIn(facts.mesh, person)) };
  };
  return {
    reader: await one('reader'),
    writer: await one('writer'),
    administrator: await one('administrator'),
    stranger: await one('stranger'),
    leaver: await one('leaver', Math.floor(Date.now() / 1000) + LEAVES_AFTER_SECONDS),
  };
}

function mapped<T, U>(map: (value: T) => U, { reader, writer, administrator, stranger, leaver }: Of<T>): Of<U> {
  return {
    reader: map(reader),
    writer: map(writer),
    administrator: map(administrator),
    stranger: map(stranger),
    leaver: map(leaver),
  };
}

/** Somebody who will be revoked. */
export function newVictim({ accounts }: Facts): Promise<Person> {
  return accounts.create({ name: 'victim', ...PEOPLE.writer });
}

export function credentialOf(token: string): Credential {
  return { token, claims: JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) };
}

/** What an administrator's token says, under the name of the platform's key, signed by another one. */
async function forge({ token, claims }: Credential): Promise<Presented> {
  const key = { ...(await generateSigningKey()), kid: String(keyIdOf(token)) };
  const minter = createMinter({
    issuer: String(claims['iss']),
    key: () => key,
    clock: () => new Date(),
    uuid: randomUUID,
  });
  const services = { echo: { permissions: ['echo:read', 'echo:write'] } };
  const user = { id: String(claims['sub']), roles: ['admin'], permissions: [] };
  const minted = await minter.access({
    subject: user.id,
    clientId: 'web',
    user,
    audience: ['echo'],
    services,
    lifetimeSeconds: 3_600,
  });
  return { kind: 'forged', token: minted.token };
}

/** Of the policies as the API server has them. */
async function decisionPolicies(mesh: MeshInfo, cluster: Cluster): Promise<Readonly<Record<Service, DecisionPolicy>>> {
  const issuer = await cluster.get(API_VERSION, ISSUER_KIND, '', PLATFORM_ISSUER);
  const jwks = (await (await fetch(`${mesh.auth.url}/.well-known/jwks.json`)).json()) as { keys: [] };
  const ready = async (name: Service): Promise<DecisionPolicy> => {
    const parsed = parseServiceAuthPolicy(await cluster.get(API_VERSION, POLICY_KIND, ECHO.namespace, name));
    const prepared = parsed.ok && prepareDecision(parsed.value, [{ issuer, jwks }], GATEWAY.trustDomain);
    if (prepared === false || !prepared.ok) throw new Error(`no decision can be made by the policy ${name}`);
    return prepared.policy;
  };
  return { echo: await ready('echo'), bucket: await ready('bucket') };
}
