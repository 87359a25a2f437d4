import { createMinter, type Minted, type Minter, type SigningKey, TokenError } from '@sekisho/tokens';
import { GuardError } from '../errors.ts';
import type { KeySource } from '../keys/key-source.ts';
import type { Target } from '../routes/destination.ts';
import type { ClaimPaths, Credential, Handed } from './credential.ts';
import { createHandedTokens, type HandedTokensOptions } from './handed-tokens.ts';

export interface NarrowOptions {
  readonly platformIssuer: string;
  readonly keys: Pick<KeySource, 'signingKey'>;
  readonly clock: () => Date;
  readonly uuid: () => string;
  readonly onMinted: () => void;
  /** @default those of HandedTokens */
  readonly handed?: Pick<HandedTokensOptions, 'maxBytes' | 'maxPerCredential'>;
}

/**
 * The `Authorization` header for a service: a token for it alone, with what the presented one allows there. The same one is handed out until three
 * quarters of its life are over, and then at once.
 *
 * Throws and rejects with TokenError `audience_mismatch` and `token_expired` as the minter does, `token_invalid` for claims that no token of
 * ours may hold, and GuardError `keys_missing` while there is no key to sign with.
 */
export type Narrow = (credential: Credential, target: Target) => string | Promise<string>;

const REUSED_PART = 0.75;

export function createNarrow(options: NarrowOptions): Narrow {
  const { keys, clock, platformIssuer: issuer, uuid, onMinted } = options;
  const minter = createMinter({ issuer, key: () => keyOf(keys), clock, uuid });
  const handedTokens = createHandedTokens({ now: () => clock().getTime() / 1000, ...options.handed });
  const minting = new WeakMap<Credential, Map<string, Promise<Handed>>>();

  const mint = async (credential: Credential, target: Target): Promise<Handed> => {
    const { kid } = keyOf(keys);
    const { token, claims } = await narrowed(minter, credential, target);
    onMinted();
    const handed = {
      authorization: `Bearer ${token}`,
      kid,
      readBy: pathsOf(credential, target),
      renewAt: claims.iat + (claims.exp - claims.iat) * REUSED_PART,
    };
    handedTokens.keep(credential, target.service, handed);
    return handed;
  };
  const isGood = (handed: Handed, paths: ClaimPaths | undefined) =>
    clock().getTime() / 1000 < handed.renewAt && handed.kid === keyOf(keys).kid && samePaths(handed.readBy, paths);
  return (credential, target) => {
    const { service } = target;
    const known = credential.handed.get(service);
    if (known !== undefined && isGood(known, pathsOf(credential, target))) return known.authorization;
    return once(minting, credential, [service, () => mint(credential, target)]).then(toAuthorization);
  };
}

function toAuthorization({ authorization }: Handed): string {
  return authorization;
}

function pathsOf({ iss }: Credential, { decision }: Target): ClaimPaths | undefined {
  return decision.issuers.get(iss);
}

/** A TokenIssuer is edited while its tokens are in use: what was read from other claims is not handed out any more. */
function samePaths(a: ClaimPaths | undefined, b: ClaimPaths | undefined): boolean {
  return a === b || (sameNames(a?.roles, b?.roles) && sameNames(a?.permissions, b?.permissions));
}

function sameNames(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** @throws GuardError `keys_missing` */
function keyOf(keys: Pick<KeySource, 'signingKey'>): SigningKey {
  const key = keys.signingKey();
  if (key === undefined) throw new GuardError('keys_missing', 'there is no key to sign narrow tokens with');
  return key;
}

/** What the claims of a token of another issuer are, that issuer decides: they may be none of ours, or too many. */
async function narrowed(minter: Minter, credential: Credential, target: Target): Promise<Minted> {
  try {
    return await minter.narrow(credential.unified(target), target.service);
  } catch (cause) {
    if (!(cause instanceof TokenError) || !UNFIT.includes(cause.code)) throw cause;
    throw new TokenError('token_invalid', 'the claims of the token cannot be passed on', { cause });
  }
}

const UNFIT: readonly string[] = ['claims_invalid', 'claims_too_large'];

/** Requests that come while a token is signed wait for that one. */
async function once<K extends object, T>(
  running: WeakMap<K, Map<string, Promise<T>>>,
  owner: K,
  [name, work]: readonly [string, () => Promise<T>],
): Promise<T> {
  const ofOwner = running.get(owner) ?? new Map<string, Promise<T>>();
  running.set(owner, ofOwner);
  const known = ofOwner.get(name);
  if (known !== undefined) return known;
  const work_ = work();
  ofOwner.set(name, work_);
  try {
    return await work_;
  } finally {
    ofOwner.delete(name);
  }
}
