import type { Adapter, AdapterPayload } from 'oidc-provider';

/**
 * A store for oidc-provider that costs next to nothing. Its own keeps the last thousand things only, which the
 * assertions of one second push out.
 */
export function mapAdapter(name: string): Adapter {
  const stored = new Map<string, AdapterPayload>();
  const none = async () => undefined;
  return {
    find: async (id) => stored.get(id),
    async upsert(id, payload) {
      stored.set(id, payload);
    },
    async consume(id) {
      const payload = stored.get(id);
      if (payload === undefined) throw new Error(`there is no such ${name}`);
      payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      stored.delete(id);
    },
    findByUid: none,
    findByUserCode: none,
    revokeByGrantId: none,
  };
}
