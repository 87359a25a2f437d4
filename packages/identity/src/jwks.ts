import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { boundedText } from './bounded-body.ts';
import { IdentityError } from './errors.ts';
import type { Fetch } from './fetch-function.ts';

export interface RemoteKeysOptions {
  readonly url: URL;
  readonly fetch: Fetch;
  /** Milliseconds, monotonic. */
  readonly monotonic: () => number;
}

const MAX_BYTES = 262_144;
const TIMEOUT_MS = 5_000;
const READ_AGAIN_MS = 5 * 60_000;
/** An auth service may be away for minutes, and traffic goes on; keys that were taken out of use must not be believed for ever. */
const BELIEVED_MS = 60 * 60_000;
const BETWEEN_READS_MS = 5_000;

/** The keys of an issuer, read when they are needed first, when they are old and for a key that is not among them. */
export function createRemoteKeys({ url, fetch, monotonic }: RemoteKeysOptions): JWTVerifyGetKey {
  let known: { readonly keys: JWTVerifyGetKey; readonly readAt: number } | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let lastError: unknown;
  let reading: Promise<void> | undefined;

  async function readOnce(): Promise<void> {
    triedAt = monotonic();
    try {
      known = { keys: await readKeys(url, fetch), readAt: triedAt };
    } catch (error) {
      // Told as the cause, once no keys are left to believe.
      lastError = error;
    }
  }
  async function readAgain(): Promise<void> {
    if (reading === undefined && monotonic() - triedAt < BETWEEN_READS_MS) return;
    reading ??= readOnce().finally(() => {
      reading = undefined;
    });
    await reading;
  }
  const believed = (): JWTVerifyGetKey => {
    if (known !== undefined && monotonic() - known.readAt < BELIEVED_MS) return known.keys;
    throw new IdentityError('unavailable', 'The keys of the issuer are not known.', { cause: lastError });
  };

  return async (header, token) => {
    if (known === undefined || monotonic() - known.readAt >= READ_AGAIN_MS) await readAgain();
    try {
      return await believed()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await readAgain();
      return believed()(header, token);
    }
  };
}

async function readKeys(url: URL, fetch: Fetch): Promise<JWTVerifyGetKey> {
  const headers = { accept: 'application/json' };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  // A redirect would let another host name the keys.
  const response = await fetch(url.href, { method: 'GET', headers, redirect: 'manual', signal });
  if (response.status !== 200) throw new Error(`the key set was answered with ${response.status}`);
  // jose checks the shape of the set, and of each key that it uses.
  return createLocalJWKSet(JSON.parse(await boundedText(response, MAX_BYTES)) as JSONWebKeySet);
}
