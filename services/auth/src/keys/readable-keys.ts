import { type PublicJwk, parsePublicJwk, regionOfKid, TokenError } from '@sekisho/tokens';
import type { StoredKey } from './key-store.ts';

export interface ReadableKeys {
  readonly keys: readonly PublicJwk[];
  /** Names of those that are passed over: nothing of theirs is accepted here, and no region is told that it is. */
  readonly unreadable: readonly string[];
}

/**
 * The public halves of other regions' keys, looked at again: what a verifier is told to trust is not taken from a table unseen. One
 * that is none, as of a release that this one does not know, is the trouble of the region that signs with it, and not of all.
 */
export async function readableKeys(stored: readonly StoredKey[]): Promise<ReadableKeys> {
  const keys: PublicJwk[] = [];
  const unreadable: string[] = [];
  for (const key of stored) {
    const jwk = await publicJwkOf(key);
    if (jwk === undefined) unreadable.push(key.kid);
    else keys.push(jwk);
  }
  return { keys, unreadable };
}

async function publicJwkOf({ kid, region, alg, publicJwk }: StoredKey): Promise<PublicJwk | undefined> {
  // Which region's revocations by date a token is held against goes by its kid.
  if ((regionOfKid(kid) ?? '') !== region) return undefined;
  try {
    const jwk = await parsePublicJwk(publicJwk);
    return jwk.kid === kid && jwk.alg === alg ? jwk : undefined;
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
