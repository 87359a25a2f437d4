import { type Clock, isRecord, type KubeClient, type KubeObject, NotFoundError, type Resource } from '@sekisho/kube';
import { GROUP, ISSUER_KIND, readIssuerStatus, VERSION } from '@sekisho/policy';
import type { MissingReason, Spread } from './rotation.ts';

/** Tells who holds a published key. Never rejects: what it cannot learn is a `missing` with a reason. */
export type ReportSpread = (kid: string, signal: AbortSignal) => Promise<Spread>;

/** Where there is no cluster to ask. */
export const unreported: ReportSpread = async () => ({ kind: 'unreported' });

export interface IssuerSpreadOptions {
  readonly client: KubeClient;
  /** Name of the TokenIssuer that stands for this service. */
  readonly name: string;
  /** The `iss` of our tokens, which the TokenIssuer must have as well. */
  readonly issuer: string;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const TOKEN_ISSUERS: Resource = {
  group: GROUP,
  version: VERSION,
  plural: 'tokenissuers',
  kind: ISSUER_KIND,
  namespaced: false,
};

type Told = KubeObject | MissingReason;

/**
 * Reads in the TokenIssuer's status whether every policy holds a key, and remembers since when it is so. Asked for several keys at
 * the same time, it reads once.
 */
export function createIssuerSpread(options: IssuerSpreadOptions): ReportSpread {
  const { client, name, issuer, clock, onError } = options;
  const heldSince = new Map<string, number>();
  let reading: Promise<Told> | undefined;

  async function read(signal: AbortSignal): Promise<Told> {
    try {
      return await client.get(TOKEN_ISSUERS, { name }, { signal });
    } catch (error) {
      onError(error);
      return error instanceof NotFoundError ? 'issuer_unknown' : 'unreachable';
    }
  }

  return async (kid, signal) => {
    reading ??= read(signal).finally(() => {
      reading = undefined;
    });
    const told = await reading;
    const reasonOf = (name: string) => (typeof told === 'string' ? told : missingIn(told, { kid: name, issuer }));
    // Also those that nobody asks for any more.
    for (const known of heldSince.keys()) if (reasonOf(known) !== undefined) heldSince.delete(known);
    const reason = reasonOf(kid);
    if (reason !== undefined) return { kind: 'missing', reason };
    const now = clock.monotonic();
    const since = heldSince.get(kid) ?? now;
    heldSince.set(kid, since);
    return { kind: 'held', forMs: now - since };
  };
}

/** Why the key is not held by every policy; undefined when it is, and also when there is no policy yet. */
export function missingIn(
  { metadata, spec, status }: KubeObject,
  { kid, issuer }: { readonly kid: string; readonly issuer: string },
): MissingReason | undefined {
  if (!isRecord(spec) || spec['issuer'] !== issuer) return 'issuer_differs';
  const { observedGeneration, conditions = [], keys = [] } = readIssuerStatus(status);
  const ready = conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  // A status of an earlier spec tells of other keys, or of other policies.
  if (!ready || observedGeneration !== metadata.generation) return 'not_ready';
  const key = keys.find((listed) => listed.kid === kid);
  if (key === undefined) return 'not_listed';
  return key.policies === key.of ? undefined : 'policies_behind';
}
