import { setTimeout as sleep } from 'node:timers/promises';
import { startValkey, type Valkey, type ValkeyProgram } from './valkey.ts';
import { patiently, until } from './waiting.ts';

export interface Topology {
  readonly url: string;
  /** The server that takes the writes of a key now. @default of revocations */
  primary(key?: string): Promise<Valkey>;
  readonly servers: readonly Valkey[];
  remove(): Promise<void>;
}

const PRIMARY = 'mymaster';
const DOWN_AFTER_MS = 1_000;
/** A Sentinel that stood still fails nobody over for as long after it (30 s by default), again and again on a machine that does so often. */
const TILT_MS = 3_000;

/** A primary, two replicas, and three Sentinels, two of which agree on a failover. */
export async function startSentinels(place: ValkeyProgram): Promise<Topology> {
  const first = await startValkey(place);
  const replicaOf = ['--replicaof', '127.0.0.1', String(first.port)];
  const replicas = [await startValkey(place, { args: replicaOf }), await startValkey(place, { args: replicaOf })];
  const servers = [first, ...replicas];
  await until('both replicas are in step', async () => (await inStep(first)) === 2);
  const config = [
    `sentinel monitor ${PRIMARY} 127.0.0.1 ${first.port} 2`,
    `sentinel down-after-milliseconds ${PRIMARY} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${PRIMARY} 5000`,
  ];
  const sentinels: Valkey[] = [];
  for (let count = 0; count < 3; count += 1) sentinels.push(await startValkey(place, { sentinel: config }));
  await Promise.all(sentinels.map((sentinel) => sentinel.ask('sentinel', 'debug', 'tilt-period', TILT_MS)));
  await until('the Sentinels know each other', async () => {
    const known = await Promise.all(sentinels.map((sentinel) => sentinel.ask('sentinel', 'ckquorum', PRIMARY)));
    return known.every((answer) => String(answer).startsWith('OK 3 usable'));
  });
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${PRIMARY}`,
    servers,
    primary: () =>
      patiently(async () => {
        const [, port] = toStrings(await sentinels[0]?.ask('sentinel', 'get-master-addr-by-name', PRIMARY));
        return found(servers, Number(port));
      }),
    remove: () => removeAll([...sentinels, ...servers]),
  };
}

/**
 * Three primaries with a replica each.
 * @param downAfterMs after which one that is silent is given up: much, where nobody is to fail over
 */
export async function startCluster(place: ValkeyProgram, downAfterMs = DOWN_AFTER_MS): Promise<Topology> {
  const args = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    String(downAfterMs),
    '--cluster-replica-validity-factor',
    '0',
  ];
  const servers = await Promise.all(Array.from({ length: 6 }, () => startValkey(place, { args })));
  const [first, ...others] = servers;
  if (first === undefined) throw new Error('there are no servers');
  const primaries = servers.slice(0, 3);
  for (const [index, server] of primaries.entries()) {
    const slots = (part: number) => Math.floor((16_384 * part) / 3);
    await server.ask('cluster', 'addslotsrange', slots(index), slots(index + 1) - 1);
    await server.ask('config', 'set', 'cluster-require-full-coverage', 'no');
  }
  for (const [index, server] of servers.entries()) await server.ask('cluster', 'set-config-epoch', index + 1);
  for (const { port } of others) await first.ask('cluster', 'meet', '127.0.0.1', port);
  await until('every node knows the others', async () =>
    (await Promise.all(servers.map(known))).every((count) => count === 6),
  );
  for (const [index, replica] of servers.slice(3).entries()) {
    await replica.ask('cluster', 'replicate', String(await primaries[index]?.ask('cluster', 'myid')));
  }
  await until('every primary has its replica', async () =>
    (await Promise.all(primaries.map(inStep))).every((count) => count === 1),
  );
  await until('the cluster serves', async () => (await Promise.all(servers.map(isOk))).every(Boolean));
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    // One that stood still for a while is taken for failed by others, until they hear of it again.
    primary: (key = '{revocations}') =>
      patiently(async () => {
        const slot = Number(await firstAnswer(servers, 'cluster', 'keyslot', key));
        const nodes = String(await firstAnswer(servers, 'cluster', 'nodes')).split('\n');
        const owner = nodes.find((line) => line.includes('master') && !line.includes('fail') && holds(line, slot));
        return found(servers, Number(/:(\d+)@/.exec(owner ?? '')?.[1]));
      }),
    remove: () => removeAll(servers),
  };
}

export interface Loss {
  /** Which primary fails. @default that of revocations */
  readonly key?: string;
  /** What it acknowledges, and takes with it: no replica hears of it. */
  readonly write: () => Promise<unknown>;
}

/** Kills a primary at the worst moment, and waits until a replica took over. @returns the one that was killed, which can be started again */
export async function failOverWithout(topology: Topology, { key, write }: Loss): Promise<Valkey> {
  const old = await topology.primary(key);
  const replicas = await replicasOf(topology, old);
  for (const replica of replicas) replica.freeze();
  try {
    // What is on its way to one that stands still would be read by it afterwards.
    await old.ask('client', 'kill', 'type', 'replica');
    await write();
  } finally {
    await old.kill();
    for (const replica of replicas) replica.thaw();
  }
  await until('a replica took over', async () => (await topology.primary(key)) !== old, 120_000);
  return old;
}

export async function replicasOf({ servers }: Topology, primary: Valkey): Promise<readonly Valkey[]> {
  const others = servers.filter((server) => server !== primary);
  const follows = others.map(async (server) =>
    String(await server.ask('info', 'replication')).includes(`master_port:${primary.port}\r`),
  );
  const isReplica = await Promise.all(follows);
  return others.filter((_, index) => isReplica[index]);
}

/** Resolves when a server that was the primary is a replica that has what the new one has: one that can take over again. */
export async function untilFollows(old: Valkey, timeoutMs = 120_000): Promise<void> {
  const isInStep = async () => {
    const told = String(await old.ask('info', 'replication'));
    return told.includes('role:slave') && told.includes('master_link_status:up');
  };
  await until('the old primary follows the new one', isInStep, timeoutMs);
}

/** Replicas that are in step with a primary. */
async function inStep(primary: Valkey): Promise<number> {
  return String(await primary.ask('info', 'replication')).match(/state=online/g)?.length ?? 0;
}

async function known(server: Valkey): Promise<number> {
  const nodes = String(await server.ask('cluster', 'nodes'))
    .trim()
    .split('\n');
  return nodes.filter((line) => !line.includes('handshake')).length;
}

async function isOk(server: Valkey): Promise<boolean> {
  return String(await server.ask('cluster', 'info')).includes('cluster_state:ok');
}

/** The answer of the first that gives one. */
async function firstAnswer(servers: readonly Valkey[], command: string, ...args: string[]): Promise<unknown> {
  for (const server of servers) {
    const answer = await Promise.race([server.ask(command, ...args).catch(() => undefined), sleep(500)]);
    if (answer !== undefined) return answer;
  }
  throw new Error('no server answers');
}

function holds(line: string, slot: number): boolean {
  return line
    .split(' ')
    .slice(8)
    .some((range) => {
      const [from = Number.NaN, to = from] = range.split('-').map(Number);
      return from <= slot && slot <= to;
    });
}

function found(servers: readonly Valkey[], port: number): Valkey {
  const server = servers.find((candidate) => candidate.port === port);
  if (server === undefined) throw new Error('the primary is none of the servers');
  return server;
}

function toStrings(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.map(String) : [];
}

async function removeAll(servers: readonly Valkey[]): Promise<void> {
  await Promise.all(servers.map((server) => server.remove()));
}
