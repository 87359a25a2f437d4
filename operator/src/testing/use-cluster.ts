import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import { ISSUERS } from '../resources.ts';
import { Cluster } from './cluster.ts';
import { publicJwk } from './keys.ts';

/** Other files may have the API server's only turn before this one. */
const TURN_MS = 300_000;

export interface UseOptions {
  /** Whether each test begins with a running operator. @default true */
  readonly operator?: boolean;
}

/** A cluster for the tests of one file; each has a namespace of its own, and the issuer with the key `k1`. */
export function useCluster({ operator = true }: UseOptions = {}): Cluster {
  const cluster = new Cluster({ kubeconfig: inject('kubeconfig'), istioCrds: inject('istioCrds') });
  beforeAll(() => cluster.open(), TURN_MS);
  afterAll(() => cluster.close());
  beforeEach(async () => {
    await cluster.enterNamespace();
    await cluster.client.apply(ISSUERS, cluster.issuer({ jwks: { keys: [publicJwk('k1')] } }), { force: true });
    if (operator) await cluster.startOperator();
  });
  afterEach(async () => {
    await cluster.stopOperator();
    await cluster.leaveNamespace();
  });
  return cluster;
}
