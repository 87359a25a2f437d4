import type { ClientStore } from '../oauth/clients/client.ts';
import { TOKEN_EXCHANGE } from './grant-type.ts';

/** Namespace and name of a ServiceAccount, as Kubernetes allows them. */
const WORKLOAD = /^system:serviceaccount:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?:[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * Every workload is a client that may exchange tokens and do nothing else. It needs no registration and no secret: the
 * token that it exchanges by proves who it is (RFC 8693 section 2.1 leaves client authentication to the deployment).
 */
export function withWorkloads(clients: Pick<ClientStore, 'find'>): Pick<ClientStore, 'find'> {
  return {
    find: async (id) => (WORKLOAD.test(id) ? workloadClient(id) : clients.find(id)),
  };
}

function workloadClient(id: string): NonNullable<Awaited<ReturnType<ClientStore['find']>>> {
  return {
    id,
    name: id,
    firstParty: false,
    authMethod: 'none',
    grantTypes: [TOKEN_EXCHANGE],
    redirectUris: [],
    postLogoutRedirectUris: [],
    grants: [],
    secretHashes: [],
    version: 1,
  };
}
