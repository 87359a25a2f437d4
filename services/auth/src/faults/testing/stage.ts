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
  const service = await startService({
    ...stores,
    issuer: ISSUER,
    prefix,
    rates: RATES,
    workloadKeys,
    storeTimeoutMs: STORE_TIMEOUT_MS,
    // The administrator's outlives the load, however slow the machine is.
    tokenLifetime: 3_600,
  });
  await untilReady(service);
  const ledger = new Ledger({ mayLose });
  const stopping = new AbortController();
  const parts = await castOf(service, { ledger, cluster, stopping: stopping.signal });
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

interface Cast {
  readonly ledger: Ledger;
  readonly cluster: FakeCluster;
  readonly stopping: AbortSignal;
}

async function castOf(service: Service, { ledger, cluster, stopping }: Cast): Promise<readonly Part[]> {
  const admin = { token: '' };
  const actors = async (part: string, count: number) => {
    const users = await Promise.all(Array.from({ length: count }, () => addUser(service)));
    const [publicApp, adminApp] = [ledger.watching(part, service.publicApp), ledger.watching(part, service.adminApp)];
    return users.map((user) => new Actor({ publicApp, adminApp, ledger, origin: ISSUER, admin, user, stopping }));
  };
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
  const workload = { name: 'system:serviceaccount:shop:bucket', token: () => cluster.token('bucket') };
  const turn = alternately();
  const parts: readonly Part[] = [
    {
      name: 'own sessions',
      actors: await actors('own sessions', 5),
      round: (actor) => ownSessionRound(actor, turn(OWN_ENDINGS)),
    },
    {
      name: 'codes',
      actors: await actors('codes', 4),
      round: (actor) => codeRound(actor, 'shop', turn(['token', 'browser'])),
    },
    { name: 'devices', actors: await actors('devices', 2), round: (actor) => deviceRound(actor, 'tv') },
    {
      name: 'clients',
      actors: await actors('clients', 3),
      round: (actor) => clientRound(actor, { id: 'job', secret }),
    },
    { name: 'workloads', actors: await actors('workloads', 3), round: (actor) => exchangeRound(actor, workload) },
    {
      name: 'administration',
      actors: await actors('administration', 2),
      round: (actor) => turn(ADMINISTRATION)(actor),
    },
  ];
  // Last: of many log-ins for what was set up the first ones are over by now.
  admin.token = (await logIn(service, ADMIN_LOGIN)).json().access_token;
  return parts;
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
