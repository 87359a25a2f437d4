import { isDeepStrictEqual } from 'node:util';
import { isRecord, type KubeObject } from '@sekisho/kube';
import {
  type Condition,
  describeIgnored,
  type Jwks,
  type PublicJwk,
  readIssuerStatus,
  type TokenIssuerStatus,
} from '@sekisho/policy';
import { heldKeys } from './held-keys.ts';
import type { KeyHolder } from './key-holders.ts';
import type { KeyState } from './key-sets.ts';

const READY = 'Ready';

export interface IssuerFacts {
  readonly issuer: KubeObject;
  readonly keys: Exclude<KeyState, { state: 'pending' }>;
  readonly policies: readonly KeyHolder[];
}

interface KeySetHolder {
  readonly sets: readonly (readonly PublicJwk[])[];
}

type WantedKey = PublicJwk | { readonly kid: string };

/**
 * The status of a TokenIssuer: whether its keys are known, and how many policies already hold each of them, which is
 * what a key rotation waits for.
 */
export function issuerStatus({ issuer, keys, policies }: IssuerFacts, now: Date): TokenIssuerStatus {
  const previous = readIssuerStatus(issuer.status);
  const iss = isRecord(issuer.spec) ? issuer.spec['issuer'] : undefined;
  const holders = policies
    .map(({ refused, objects }) => ({ refused, sets: objects.flatMap((object) => heldKeys(object, iss)) }))
    // A refused policy takes no token, unless its last good objects do: then a new key must wait for its repair.
    .filter(({ refused, sets }) => !refused || sets.length > 0);
  const since = new Map(previous.keys?.map((key) => [key.kid, key.since]));
  // Without a key set (the URL is down since a restart) the keys that were known are still the ones in force.
  const wanted = 'jwks' in keys && keys.jwks ? keys.jwks.keys : [...since.keys()].map((kid) => ({ kid }));
  return {
    ...(issuer.metadata.generation !== undefined && { observedGeneration: issuer.metadata.generation }),
    conditions: [ready(issuer, keys, { previous: previous.conditions, now })],
    keys: wanted.map((key) => ({
      kid: key.kid,
      policies: countHolders(holders, key),
      of: holders.length,
      since: since.get(key.kid) ?? rfc3339(now),
    })),
  };
}

/** The part of the status that is written here; another manager's conditions stand beside it and are no difference. */
export function ownStatus({ status }: KubeObject): TokenIssuerStatus {
  const { conditions = [], ...rest } = readIssuerStatus(status);
  return { ...rest, conditions: conditions.filter(({ type }) => type === READY) };
}

function ready(
  issuer: KubeObject,
  keys: IssuerFacts['keys'],
  { previous, now }: { previous: readonly Condition[] | undefined; now: Date },
): Condition {
  const said = verdict(keys);
  const before = previous?.find(({ type }) => type === READY);
  return {
    type: READY,
    ...said,
    lastTransitionTime: before?.status === said.status ? before.lastTransitionTime : rfc3339(now),
    ...(issuer.metadata.generation !== undefined && { observedGeneration: issuer.metadata.generation }),
  };
}

function verdict(keys: IssuerFacts['keys']): Pick<Condition, 'status' | 'reason' | 'message'> {
  switch (keys.state) {
    case 'inline':
      return { status: 'True', reason: 'Inline', message: `${counted(keys.jwks)} of spec.jwks${ignored(keys.jwks)}` };
    case 'fetched':
      return { status: 'True', reason: 'Fetched', message: `${counted(keys.jwks)} from jwksUri${ignored(keys.jwks)}` };
    case 'failed':
      return keys.jwks
        ? { status: 'True', reason: 'FetchFailed', message: `${keys.problem}; the last good keys stay in force` }
        : { status: 'False', reason: 'FetchFailed', message: `${keys.problem}; policies keep the keys they hold` };
    case 'invalid':
      return { status: 'False', reason: 'Invalid', message: keys.problem };
  }
}

function counted({ keys }: Jwks): string {
  return keys.length === 1 ? '1 key' : `${keys.length} keys`;
}

/** Whoever misses a key must see here that it was published, and why it does not count. */
function ignored({ ignored: passedOver }: Jwks): string {
  return passedOver === undefined ? '' : `; ignored: ${describeIgnored(passedOver)}`;
}

/** Many holders share one list, which is looked through once. */
function countHolders(holders: readonly KeySetHolder[], wanted: WantedKey): number {
  const known = new Map<readonly PublicJwk[], boolean>();
  const holds = (set: readonly PublicJwk[]) => {
    const found = known.get(set) ?? set.some((held) => isKey(held, wanted));
    known.set(set, found);
    return found;
  };
  return holders.filter(({ sets }) => sets.some(holds)).length;
}

/** The very key: an issuer that gives a new key an old name must not read that it is everywhere. Of a forgotten one only the name is known. */
function isKey(held: PublicJwk, wanted: WantedKey): boolean {
  return 'kty' in wanted ? isDeepStrictEqual(held, wanted) : held.kid === wanted.kid;
}

/** metav1.Time has whole seconds. */
function rfc3339(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
