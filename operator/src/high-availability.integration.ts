import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { POLICIES } from './resources.ts';
import { Journal, upstreamOf } from './testing/journal.ts';
import { Replica } from './testing/replica.ts';
import { useCluster } from './testing/use-cluster.ts';

const LEASE_SECONDS = 3;
/** What the holder trusts its lease for. */
const TRUST_MS = (LEASE_SECONDS * 1_000 * 2) / 3;

const cluster = useCluster({ operator: false });
let journal: Journal;
let a: Replica;
let b: Replica;
let changes: { stop(): Promise<void> };

beforeEach(async () => {
  journal = new Journal(await upstreamOf(inject('kubeconfig')));
  a = await start('a');
  await leading(a);
  b = await start('b');
  await vi.waitFor(async () => expect(await b.ready()).toBe(true), 20_000);
  changes = keepChanging();
  await vi.waitFor(() => expect(journal.writesOf('a').length).toBeGreaterThan(10), 30_000);
}, 60_000);

afterEach(async () => {
  await changes.stop();
  await Promise.all([a.close(), b.close()]);
  await journal.close();
});

async function start(name: string): Promise<Replica> {
  const server = await journal.door(name);
  return Replica.start({ name, server, namespace: cluster.namespace, leaseSeconds: LEASE_SECONDS });
}

const leading = (replica: Replica) => vi.waitFor(() => expect(journal.holder).toBe(replica.name), 30_000);

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

/** Every write was by the holder of the Lease, within the time for which it may trust its lease. */
function expectOneWriter(): void {
  expect(journal.strayWrites).toEqual([]);
  // A proxy that shares its processor sees a renewal earlier, and a write later, than the replica sent them.
  expect(journal.oldestTrustMs).toBeLessThan(TRUST_MS + 500);
}

describe('two replicas', { timeout: 120_000 }, () => {
  test('a standby is ready and writes nothing; told to stop, the leader hands over instead of letting its lease run out', async () => {
    expect([await a.ready(), await b.ready(), await a.leads(), await b.leads()]).toEqual([true, true, true, false]);
    expect(journal.writesOf('b')).toEqual([]);
    a.signal('SIGTERM');
    await leading(b);
    const claims = journal.entries.filter(({ what }) => what !== 'write');
    const handover = claims.slice(claims.findLastIndex(({ replica }) => replica === 'a'));
    expect(handover.slice(0, 2)).toMatchObject([{ what: 'release' }, { what: 'lease', replica: 'b' }]);
    expect(await a.exited()).toBe(0);
    await vi.waitFor(() => expect(journal.writesOf('b').length).toBeGreaterThan(10), 30_000);
    expectOneWriter();
  });

  test('a killed leader is succeeded, and its own restart stands by', async () => {
    a.signal('SIGKILL');
    await a.exited();
    await leading(b);
    await a.close();
    a = await start('a');
    await vi.waitFor(async () => expect(await a.ready()).toBe(true), 20_000);
    await vi.waitFor(() => expect(journal.writesOf('b').length).toBeGreaterThan(10), 30_000);
    expect(await a.leads()).toBe(false);
    expectOneWriter();
  });

  test('a frozen leader writes nothing when it thaws, again and again', async () => {
    let [leader, standby] = [a, b];
    for (const pause of [0, 7, 13, 29]) {
      await delay(pause);
      leader.signal('SIGSTOP');
      const frozenAt = journal.writesOf(leader.name).length;
      await leading(standby);
      await vi.waitFor(() => expect(journal.writesOf(standby.name).length).toBeGreaterThan(10), 30_000);
      leader.signal('SIGCONT');
      await delay(1_000);
      expect(await leader.leads()).toBe(false);
      // What had left the process before it was frozen may have arrived since.
      expect(journal.writesOf(leader.name).length - frozenAt).toBeLessThanOrEqual(16);
      [leader, standby] = [standby, leader];
    }
    expectOneWriter();
  });

  test('a leader that is frozen for less than the lease, but longer than it trusts it, does not write on', async () => {
    a.signal('SIGSTOP');
    await delay(TRUST_MS + 300);
    a.signal('SIGCONT');
    await vi.waitFor(
      () => expect(journal.writesOf('a').length + journal.writesOf('b').length).toBeGreaterThan(50),
      30_000,
    );
    expectOneWriter();
  });

  test('a leader whose renewals are refused stops before the other starts', async () => {
    journal.refused.add('a');
    await leading(b);
    const last = journal.writesOf('a').at(-1)?.at ?? 0;
    const first = journal.entries.find(({ what, replica }) => what === 'lease' && replica === 'b')?.at ?? 0;
    expect(first - last).toBeGreaterThan(200);
    await vi.waitFor(() => expect(journal.writesOf('b').length).toBeGreaterThan(10), 30_000);
    journal.refused.clear();
    await delay(2_000);
    expect(journal.holder).toBe('b');
    expectOneWriter();
  });
});
