import type { ControlPlane } from '@sekisho/kube/testing/cluster';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import { ISSUERS } from '../resources.ts';
import { Cluster } from './cluster.ts';
import { publicJwk } from './keys.ts';

/** All other files may have the API server's only turn before this one. */
const TURN_MS = 1_800_000;
/** Of a thousand policies that are deleted, where a test made so many. */
const LEAVE_MS = 300_000;

export interface UseOptions {
  /** Whether each test begins with a running operator. @default true */
  readonly operator?: boolean;
  /** An API server of the file's own. @default the one of all tests, in turns */
  readonly servers?: ControlPlane;
}

/** A cluster for the tests of one file; each has a namespace of its own, and the issuer with the key `k1`. */
export function useCluster({ operator = true, servers }: UseOptions = {}): Cluster {
  const ownServer = servers !== undefined;
  const kubeconfig = servers?.kubeconfig ?? inject('kubeconfig');
  const cluster = new Cluster({ kubeconfig, istioCrds: inject('istioCrds'), ownServer });
  beforeAll(() => cluster.open(), TURN_MS);
  afterAll(async () => {
    await cluster.close();
    await servers?.close();
  });
  beforeEach(async () => {
    await cluster.enterNamespace();
    await cluster.client.apply(ISSUERS, cluster.issuer({ jwks: { keys: [publicJwk('k1')] } }), { force: true });
    if (operator) await cluster.startOperator();
  });
  afterEach(async () => {
    await cluster.stopOperator();
    await cluster.leaveNamespace();
  }, LEAVE_MS);
  return cluster;
}
