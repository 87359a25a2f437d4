import {
  type Clock,
  ConflictError,
  type KubeClient,
  type KubeObject,
  NotFoundError,
  type Outcome,
} from '@sekisho/kube';
import { statusEquals, type TokenIssuerStatus } from '@sekisho/policy';
import type { Caches } from './caches.ts';
import { issuerStatus, ownStatus } from './issuer-status.ts';
import { keyHolders } from './key-holders.ts';
import type { KeySets } from './key-sets.ts';
import { ISSUERS } from './resources.ts';

export interface IssuerController {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly keySets: KeySets;
  readonly clock: Clock;
  /** Told how long counting took: that grows with the policies. */
  readonly onCounted: (milliseconds: number) => void;
}

/** Writes the status of one TokenIssuer, if it says something new. */
export async function reconcileIssuer(
  controller: IssuerController,
  name: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { client, caches, keySets, clock } = controller;
  const issuer = caches.issuers.store.get(name);
  const keys = issuer && keySets.stateOf(issuer);
  if (issuer === undefined || keys === undefined || keys.state === 'pending') return undefined;
  const started = clock.monotonic();
  const status = issuerStatus({ issuer, keys, policies: keyHolders(caches, issuer) }, new Date(clock.now()));
  controller.onCounted(clock.monotonic() - started);
  if (statusEquals(ownStatus(issuer), status)) return undefined;
  try {
    caches.issuers.record(await client.applyStatus(ISSUERS, withStatus(issuer, status), { force: true, signal }));
  } catch (error) {
    // Deleted, or deleted and made anew: the watch brings the name back.
    if (!(error instanceof NotFoundError || error instanceof ConflictError)) throw error;
  }
  return undefined;
}

function withStatus({ apiVersion, kind, metadata }: KubeObject, status: TokenIssuerStatus) {
  const { name, uid } = metadata;
  return { apiVersion, kind, metadata: { name, ...(uid !== undefined && { uid }) }, status };
}
