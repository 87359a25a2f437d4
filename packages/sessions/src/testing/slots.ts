import { SHARDS } from '../keys.ts';
import type { Topology } from './topology.ts';
import type { Valkey } from './valkey.ts';

/** A slot of a Cluster that one primary hands over to another, key by key, as `CLUSTER SETSLOT` and `MIGRATE` have it. */
export interface Move {
  /** Hands these over. */
  take(...keys: readonly string[]): Promise<void>;
  /** Hands the rest over; then the slot is the other one's. */
  finish(): Promise<void>;
}

/** @param key whose slot it is */
export async function beginMove(topology: Topology, key: string): Promise<Move> {
  const from = await topology.primary(key);
  const to = await otherThan(topology, from);
  const slot = Number(await from.ask('cluster', 'keyslot', key));
  const [source, target] = [String(await from.ask('cluster', 'myid')), String(await to.ask('cluster', 'myid'))];
  await to.ask('cluster', 'setslot', slot, 'importing', source);
  await from.ask('cluster', 'setslot', slot, 'migrating', target);
  const take = async (...keys: readonly string[]) => {
    if (keys.length > 0) await from.ask('migrate', '127.0.0.1', to.port, '', 0, 30_000, 'keys', ...keys);
  };
  const left = async () => {
    const keys = await from.ask('cluster', 'getkeysinslot', slot, 100);
    return Array.isArray(keys) ? keys.map(String) : [];
  };
  return {
    take,
    async finish() {
      for (let keys = await left(); keys.length > 0; keys = await left()) await take(...keys);
      for (const server of [to, from]) await server.ask('cluster', 'setslot', slot, 'node', target);
    },
  };
}

async function otherThan(topology: Topology, one: Valkey): Promise<Valkey> {
  for (const shard of SHARDS) {
    const primary = await topology.primary(`{${shard}}`);
    if (primary !== one) return primary;
  }
  throw new Error('the Cluster has one primary only');
}
