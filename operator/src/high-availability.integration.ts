import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { POLICIES } from './resources.ts';
import { Journal, upstreamOf } from './testing/journal.ts';
import { Replica } from './testing/replica.ts';
import { useCluster } from './testing/use-cluster.ts';

/** Of a lease that is to run out. On a machine that stands still it does so at any time: who leads is what the journal says. */
const LEASE_SECONDS = 6;
/** Of one that is not. */
const LONG_LEASE_SECONDS = 60;
/** What the holder trusts its lease for. */
const TRUST_MS = (LEASE_SECONDS * 1_000 * 2) / 3;
const PATIENCE_MS = 120_000;

const cluster = useCluster({ operator: false });
let journal: Journal;
let replicas: Replica[];
let changes: { stop(): Promise<void> };

beforeEach(async () => {
  journal = new Journal(await upstreamOf(inject('kubeconfig')));
  replicas = [];
  changes = keepChanging();
});

afterEach(async () => {
  await changes.stop();
  await Promise.all(replicas.map((replica) => replica.close()));
  await journal.close();
});

async function start(name: string, leaseSeconds: number): Promise<Replica> {
  const server = await journal.door(name);
  const replica = await Replica.start({ name, server, namespace: cluster.namespace, leaseSeconds });
  replicas.push(replica);
  return replica;
}

/** Two replicas of which one leads and writes, and the other stands by. */
async function pair(leaseSeconds: number): Promise<{ readonly leader: Replica; readonly standby: Replica }> {
  const a = await start('a', leaseSeconds);
  await leading(a);
  const b = await start('b', leaseSeconds);
  await ready(b);
  await progress();
  return journal.holder === a.name ? { leader: a, standby: b } : { leader: b, standby: a };
}

const ready = (replica: Replica) =>
  vi.waitFor(async () => expect(await replica.ready()).toBe(true), { timeout: PATIENCE_MS });
const leading = (replica: Replica) =>
  vi.waitFor(() => expect(journal.holder).toBe(replica.name), { timeout: PATIENCE_MS });
/** What a replica says of itself comes to be what the journal says. */
const knowsWhoLeads = (replica: Replica) =>
  vi.waitFor(async () => expect(await replica.leads()).toBe(journal.holder === replica.name), PATIENCE_MS);

/** Whoever leads writes so much more. */
async function progress(writes = 10): Promise<void> {
  const written = () => journal.entries.filter(({ what }) => what === 'write').length;
  const before = written();
  await vi.waitFor(() => expect(written()).toBeGreaterThan(before + writes), PATIENCE_MS);
}

/** Somebody changes policies all the time, so that whoever leads always has something to write. */
function keepChanging() {
  const stop = new AbortController();
  const change = async () => {
    for (let turn = 0; !stop.signal.aborted; turn += 1) {
      const rules = [{ name: `turn-${turn}`, to: [{ paths: [`/${turn}`] }], allow: { authenticated: true } }];
      await cluster.client.apply(POLICIES, cluster.policy(`busy-${turn % 5}`, { rules }), { force: true });
      await delay(20);
    }
  };
  const changing = change();
  return {
    async stop() {
      stop.abort();
      await changing;
    },
  };
}

/**
 * Every write was by the holder of the Lease. A process that is frozen between its last look at the lease and the write, which follow
 * each other at once, sends it when it thaws: one each time, for it writes one at a time.
 */
function expectOneWriter(freezes = 0): void {
  expect(journal.strayWrites.slice(freezes)).toEqual([]);
}

describe('two replicas', { timeout: 900_000 }, () => {
  test('a standby is ready and writes nothing; told to stop, the leader hands over instead of letting its lease run out', async () => {
    const { leader, standby } = await pair(LONG_LEASE_SECONDS);
    const leads = [await leader.leads(), await standby.leads()];
    expect([await leader.ready(), await standby.ready(), ...leads]).toEqual([true, true, true, false]);
    expect(journal.writesOf(standby.name)).toEqual([]);
    leader.signal('SIGTERM');
    await leading(standby);
    const claims = journal.entries.filter(({ what }) => what !== 'write');
    const handover = claims.slice(claims.findLastIndex(({ replica }) => replica === leader.name));
    expect(handover.slice(0, 2)).toMatchObject([{ what: 'release' }, { what: 'lease', replica: standby.name }]);
    expect(await leader.exited()).toBe(0);
    await progress();
    expectOneWriter();
  });

  test('a killed leader is succeeded, and its own restart stands by', async () => {
    const { leader, standby } = await pair(LEASE_SECONDS);
    leader.signal('SIGKILL');
    await leader.exited();
    await leading(standby);
    const restarted = await start(leader.name, LEASE_SECONDS);
    await ready(restarted);
    await progress();
    await knowsWhoLeads(restarted);
    expectOneWriter();
  });

  test('a frozen leader writes nothing when it thaws, again and again', async () => {
    const { leader: first, standby: second } = await pair(LEASE_SECONDS);
    const pauses = [0, 7, 13, 29];
    for (const pause of pauses) {
      await delay(pause);
      const [leader, standby] = journal.holder === first.name ? [first, second] : [second, first];
      leader.signal('SIGSTOP');
      const frozenAt = journal.entries.length;
      await leading(standby);
      await progress();
      leader.signal('SIGCONT');
      await knowsWhoLeads(leader);
      await progress();
      // What had left the process before it was frozen may have arrived since.
      expect(journal.writesBeforeClaim(leader.name, frozenAt).length).toBeLessThanOrEqual(16);
    }
    expectOneWriter(pauses.length);
  });

  test('a leader that is frozen for less than the lease, but longer than it trusts it, does not write on', async () => {
    const { leader } = await pair(LEASE_SECONDS);
    leader.signal('SIGSTOP');
    await delay(TRUST_MS);
    // In steps, so that what it had sent before is written down by then.
    for (let step = 0; step < 6; step += 1) await delay(50);
    const thawedAt = journal.entries.length;
    leader.signal('SIGCONT');
    await progress(50);
    expect(journal.writesBeforeClaim(leader.name, thawedAt).slice(1)).toEqual([]);
    expectOneWriter(1);
  });

  test('a leader whose renewals are refused stops before the other starts', async () => {
    const { leader, standby } = await pair(LEASE_SECONDS);
    journal.refused.add(leader.name);
    await leading(standby);
    await progress();
    journal.refused.clear();
    await knowsWhoLeads(leader);
    await progress();
    expectOneWriter();
  });
});
