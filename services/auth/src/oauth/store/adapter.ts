import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { ClientStore } from '../clients/client.ts';
import { toMetadata } from '../clients/metadata.ts';
import { available } from '../unavailable.ts';
import type { Artefacts } from './artefacts.ts';

export interface AdapterOptions {
  readonly artefacts: Artefacts;
  readonly clients: Pick<ClientStore, 'find'>;
  /** Algorithm of the id tokens. */
  readonly idTokenAlg: string;
}

/** By what else an artefact is found, and under which kind that is kept. */
const INDEXES = { Session: 'uid', DeviceCode: 'userCode' } as const;

/**
 * What oidc-provider keeps, by the name of its model. Access and refresh tokens are not among it: ours are issued,
 * found and revoked elsewhere.
 */
export function createAdapterFactory({ artefacts, clients, idTokenAlg }: AdapterOptions): (name: string) => Adapter {
  return (name) => {
    if (name === 'Client') return tellingOutages(clientAdapter(clients, idTokenAlg));
    const adapter = artefactAdapter(name, artefacts);
    return tellingOutages(name === 'ReplayDetection' ? { ...adapter, ...onlyOnce(artefacts) } : adapter);
  };
}

function tellingOutages(adapter: Adapter): Adapter {
  return {
    upsert: (...args) => available(adapter.upsert(...args)),
    find: (id) => available(adapter.find(id)),
    findByUid: (uid) => available(adapter.findByUid(uid)),
    findByUserCode: (code) => available(adapter.findByUserCode(code)),
    consume: (id) => available(adapter.consume(id)),
    destroy: (id) => available(adapter.destroy(id)),
    revokeByGrantId: (id) => available(adapter.revokeByGrantId(id)),
  };
}

function artefactAdapter(name: string, artefacts: Artefacts): Adapter {
  const indexField = name === 'Session' || name === 'DeviceCode' ? INDEXES[name] : undefined;
  const find = async (id: string) => {
    const artefact = await artefacts.find(name, id);
    if (artefact === undefined) return undefined;
    const payload: AdapterPayload = JSON.parse(artefact.json);
    return { ...payload, ...(artefact.used && { consumed: 1 }) };
  };
  const findByIndex = async (value: string) => {
    const entry = await artefacts.find(`${name}-index`, value);
    return entry && find(entry.json);
  };
  return {
    async upsert(id, payload, ttl) {
      if (ttl === undefined) throw new TypeError(`a ${name} needs a time to live`);
      const index = indexField && payload[indexField];
      // First, so that whatever is stored can be found by it.
      if (index !== undefined) await artefacts.save(`${name}-index`, index, { json: id, ttl });
      await artefacts.save(name, id, { json: JSON.stringify(payload), ttl });
    },
    find,
    findByUid: findByIndex,
    findByUserCode: findByIndex,
    async consume(id) {
      if ((await artefacts.use(name, id)).first) return;
      // oidc-provider looked before, but so did others at the same time.
      if (name === 'PushedAuthorizationRequest') throw new errors.InvalidRequestUri('request_uri was already used');
      throw new errors.InvalidGrant('already used');
    },
    destroy: (id) => artefacts.remove(name, id),
    // Nothing that was issued lies here; who ends a session ends its tokens.
    revokeByGrantId: async () => undefined,
  };
}

/**
 * oidc-provider looks whether a jti is known, and keeps it afterwards: of two at the same time both would pass. Here
 * keeping it is what decides, so there is nothing to look for.
 */
function onlyOnce(artefacts: Artefacts): Pick<Adapter, 'find' | 'upsert'> {
  return {
    find: async () => undefined,
    async upsert(id, payload, ttl = 0) {
      const kept = await artefacts.saveFirst('ReplayDetection', id, { json: JSON.stringify(payload), ttl });
      if (!kept) throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
    },
  };
}

function clientAdapter(clients: Pick<ClientStore, 'find'>, idTokenAlg: string): Adapter {
  const readOnly = () => Promise.reject(new TypeError('clients are administered through their own API'));
  return {
    async find(id) {
      const client = await clients.find(id);
      return client && toMetadata(client, idTokenAlg);
    },
    upsert: readOnly,
    destroy: readOnly,
    consume: readOnly,
    findByUid: readOnly,
    findByUserCode: readOnly,
    revokeByGrantId: readOnly,
  };
}
