import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asAdmin } from '../../oauth/testing/platform.ts';
import { CALLBACK, ISSUER } from '../../oauth/testing/world.ts';
import type { Service } from '../../service.ts';
import { CLUSTER_ISSUER, FakeCluster, publicJwk } from '../../testing/cluster.ts';
import { ADMIN_LOGIN, logIn, startService, untilReady } from '../../testing/real-service.ts';
import { Actor, type User } from './actor.ts';
import { administrationRound } from './administration.ts';
import { Ledger } from './ledger.ts';
import { type Part, startLoad } from './load.ts';
import { clientRound, exchangeRound } from './machines.ts';
import { codeRound, deviceRound } from './oauth-sessions.ts';
import { OWN_ENDINGS, ownSessionRound } from './own-sessions.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const PASSWORD = 'correct horse battery';
const GRANTS = ['bucket', 'user'].map((service) => ({ service, permissions: [`${service}:read`] }));
/** What needs both stores. */
const ADMINISTRATION = [administrationRound, (actor: Actor) => ownSessionRound(actor, 'by an administrator')] as const;
const ENOUGH = { burst: 1_000_000, refillSeconds: 1 };
/** Above what a machine takes that others use as well: a round of many steps comes to its end all the same. */
const STORE_TIMEOUT_MS = 2_000;
const RATES = { network: ENOUGH, accountFromNetwork: ENOUGH, account: ENOUGH };

export interface Stores {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** @default 0 */
  readonly revocationMinReplicas?: number;
}

export interface StageOptions extends Stores {
  /** As the ledger takes it. @default false */
  readonly mayLose?: boolean;
}

export type Stage = Awaited<ReturnType<typeof setStage>>;

/** The service on stores that a test lets fail, and everybody who uses it all the while. */
export async function setStage({ mayLose = false, ...stores }: StageOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'auth-faults-'));
  const cluster = new FakeCluster(() => new Date());
  const path = join(folder, 'jwks.json');
  await writeFile(path, JSON.stringify({ keys: cluster.published.map(publicJwk) }));
  const prefix = `test-${randomUUID()}`;
  const workloadKeys = { kind: 'file', path, issuer: CLUSTER_ISSUER } as const;
  // The administrator's token outlives the load, however slow the machine is.
  const options = { ...stores, issuer: ISSUER, prefix, rates: RATES, workloadKeys, tokenLifetime: 3_600 };
  // By one that waits for its stores: what is set up has to succeed.
  const setUp = await setUpBy(options);
  const service = await startService({ ...options, storeTimeoutMs: STORE_TIMEOUT_MS });
  await untilReady(service);
  const ledger = new Ledger({ mayLose });
  const stopping = new AbortController();
  const parts = castOf(service, setUp, { ledger, cluster, stopping: stopping.signal });
  const load = startLoad(ledger, parts, stopping.signal);
  return {
    service,
    ledger,
    prefix,
    parts: parts.map(({ name }) => name),
    /** Ends the load, and resolves when every request is answered. */
    async settle(): Promise<void> {
      stopping.abort();
      await load.finished();
    },
    async close(): Promise<void> {
      stopping.abort();
      await service.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How many of each part there are. */
const ACTORS = { 'own sessions': 5, codes: 4, devices: 2, clients: 3, workloads: 3, administration: 2 };
type PartName = keyof typeof ACTORS;

type SetUp = Awaited<ReturnType<typeof setUpOf>>;

async function setUpBy(options: Parameters<typeof startService>[0]): Promise<SetUp> {
  const service = await startService(options);
  try {
    await untilReady(service);
    return await setUpOf(service);
  } finally {
    await service.close();
  }
}

async function setUpOf(service: Service) {
  const count = Object.values(ACTORS).reduce((sum, each) => sum + each);
  const users = await Promise.all(Array.from({ length: count }, () => addUser(service)));
  const app = { authMethod: 'none', redirectUris: [CALLBACK], grantTypes: ['authorization_code', 'refresh_token'] };
  await addClient(service, 'shop', app);
  await addClient(service, 'tv', { authMethod: 'none', redirectUris: [], grantTypes: [DEVICE, 'refresh_token'] });
  const job = {
    authMethod: 'client_secret_basic',
    redirectUris: [],
    grantTypes: ['client_credentials'],
    grants: GRANTS,
  };
  const secret = await addClient(service, 'job', job);
  await addWorkload(service);
  // Last: of many log-ins for what was set up the first ones are over by now.
  const token: string = (await logIn(service, ADMIN_LOGIN)).json().access_token;
  return { users, secret, admin: { token } };
}

interface Cast {
  readonly ledger: Ledger;
  readonly cluster: FakeCluster;
  readonly stopping: AbortSignal;
}

function castOf(service: Service, { users, secret, admin }: SetUp, cast: Cast): readonly Part[] {
  const { ledger, cluster, stopping } = cast;
  const free = [...users];
  const actors = (part: PartName) => {
    const [publicApp, adminApp] = [ledger.watching(part, service.publicApp), ledger.watching(part, service.adminApp)];
    const options = { publicApp, adminApp, ledger, origin: ISSUER, admin, stopping };
    return free.splice(0, ACTORS[part]).map((user) => new Actor({ ...options, user }));
  };
  const workload = { name: 'system:serviceaccount:shop:bucket', token: () => cluster.token('bucket') };
  const turn = alternately();
  return [
    {
      name: 'own sessions',
      actors: actors('own sessions'),
      round: (actor) => ownSessionRound(actor, turn(OWN_ENDINGS)),
    },
    {
      name: 'codes',
      actors: actors('codes'),
      round: (actor) => codeRound(actor, 'shop', turn(['token', 'browser'])),
    },
    { name: 'devices', actors: actors('devices'), round: (actor) => deviceRound(actor, 'tv') },
    {
      name: 'clients',
      actors: actors('clients'),
      round: (actor) => clientRound(actor, { id: 'job', secret }),
    },
    { name: 'workloads', actors: actors('workloads'), round: (actor) => exchangeRound(actor, workload) },
    {
      name: 'administration',
      actors: actors('administration'),
      round: (actor) => turn(ADMINISTRATION)(actor),
    },
  ];
}

/** One after the other of what there is. */
function alternately() {
  let count = 0;
  return <T>(choices: readonly [T, ...T[]]): T => choices[count++ % choices.length] ?? choices[0];
}

async function addUser(service: Service): Promise<User> {
  const email = `${randomBytes(6).toString('hex')}@example.org`;
  const user = { email, password: PASSWORD, grants: GRANTS };
  const created = await asAdmin(service, 'POST', '/v1/users', user);
  return { id: created.json().id, email, password: PASSWORD };
}

/** @returns its secret */
async function addClient(service: Service, id: string, rest: object): Promise<string> {
  const created = await asAdmin(service, 'POST', '/v1/clients', { id, name: id, firstParty: true, ...rest });
  if (created.statusCode !== 201) throw new Error(created.body);
  return created.json().secret ?? '';
}

async function addWorkload(service: Service): Promise<void> {
  const grants = [{ service: 'user', own: ['user:read'], delegated: { permissions: ['user:read'] } }];
  const settings = { service: 'bucket', grants };
  const made = await asAdmin(service, 'PUT', '/v1/workloads/shop/bucket/grants', settings);
  if (made.statusCode >= 300) throw new Error(made.body);
}
