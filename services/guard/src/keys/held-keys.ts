import { isDeepStrictEqual } from 'node:util';
import { type Clock, longestSince, type Moment } from '@sekisho/kube';
import {
  type EncryptionKeys,
  type Jwks,
  openSigningKey,
  type PublicJwk,
  parsePublicJwk,
  type SigningKey,
  TokenError,
} from '@sekisho/tokens';
import { GuardError } from '../errors.ts';
import type { KeySource } from './key-source.ts';
import type { SignerAnswer, ToldKey } from './signer-answer.ts';

/** Which of the keys that this process may have to sign with it can sign with. */
export interface Holding {
  readonly active: boolean;
  readonly next: boolean;
}

interface Told {
  readonly askedAt: Moment;
  readonly signForMs: number;
}

/** What the guard was last told, with the private halves opened. */
export class HeldKeys implements KeySource {
  readonly #encryptionKeys: EncryptionKeys;
  readonly #clock: Clock;
  #opened: ReadonlyMap<string, SigningKey> = new Map();
  #active: SigningKey | undefined;
  #accessJwks: Jwks = { keys: [] };
  #narrowJwks: Jwks = { keys: [] };
  #jwks: Jwks = { keys: [] };
  #told: Told | undefined;

  constructor(encryptionKeys: EncryptionKeys, clock: Clock) {
    this.#encryptionKeys = encryptionKeys;
    this.#clock = clock;
  }

  signingKey(): SigningKey | undefined {
    return this.#told !== undefined && this.ageMs < this.#told.signForMs ? this.#active : undefined;
  }

  get accessJwks(): Jwks {
    return this.#accessJwks;
  }

  get narrowJwks(): Jwks {
    return this.#narrowJwks;
  }

  get jwks(): Jwks {
    return this.#jwks;
  }

  get ready(): boolean {
    return this.#active !== undefined && this.#accessJwks.keys.length > 0;
  }

  get ageMs(): number {
    return this.#told === undefined ? Number.POSITIVE_INFINITY : longestSince(this.#told.askedAt, this.#clock);
  }

  /**
   * Takes over an answer. What is verified with follows it in any case: that this process cannot sign is no reason to trust
   * a key that was taken out.
   * @param askedAt before the auth service was asked
   * @throws GuardError `answer_invalid`, and then nothing is taken over; `key_unreadable` when the key to sign with does not open
   */
  async take(answer: SignerAnswer, askedAt: Moment): Promise<Holding> {
    const { keys, accessKeys, otherKeys = [], signForSeconds } = answer;
    const narrow = await Promise.all([...keys.map(({ jwk }) => jwk), ...otherKeys].map(publicKey));
    const access = await Promise.all(accessKeys.map(publicKey));
    const opened = await this.#open(keys);
    const kidOf = (state: ToldKey['state']) => keys.find((key) => key.state === state)?.kid;
    this.#publish({ keys: access }, { keys: narrow });
    this.#opened = opened;
    this.#told = { askedAt, signForMs: signForSeconds * 1_000 };
    this.#sign(kidOf('active'), keys);
    return { active: this.#active !== undefined, next: opened.has(kidOf('next') ?? '') };
  }

  #sign(kid: string | undefined, listed: readonly ToldKey[]): void {
    const before = this.#active;
    this.#active = this.#opened.get(kid ?? '');
    if (kid === undefined || this.#active !== undefined) return;
    // The one that it was until now goes on for as long as verifiers hold it.
    this.#active = listed.some((key) => key.kid === before?.kid) ? before : undefined;
    const wayOut = 'all replicas need the encryption key that it was made with';
    throw new GuardError('key_unreadable', `the key to sign with cannot be opened: ${wayOut}`);
  }

  async #open(keys: readonly ToldKey[]): Promise<ReadonlyMap<string, SigningKey>> {
    const opened = new Map<string, SigningKey>();
    for (const { kid, sealed } of keys) {
      if (sealed === undefined) continue;
      const key = this.#opened.get(kid) ?? (await this.#openOne(kid, sealed));
      if (key !== undefined) opened.set(kid, key);
    }
    return opened;
  }

  async #openOne(kid: string, sealed: string): Promise<SigningKey | undefined> {
    try {
      return (await openSigningKey(Buffer.from(sealed, 'base64url'), kid, this.#encryptionKeys)).key;
    } catch (error) {
      if (error instanceof TokenError && error.code === 'key_unreadable') return undefined;
      throw error;
    }
  }

  #publish(access: Jwks, narrow: Jwks): void {
    const [accessBefore, narrowBefore] = [this.#accessJwks, this.#narrowJwks];
    if (!isDeepStrictEqual(access, accessBefore)) this.#accessJwks = access;
    if (!isDeepStrictEqual(narrow, narrowBefore)) this.#narrowJwks = narrow;
    if (this.#accessJwks !== accessBefore || this.#narrowJwks !== narrowBefore) {
      this.#jwks = { keys: [...access.keys, ...narrow.keys] };
    }
  }
}

async function publicKey(jwk: PublicJwk): Promise<PublicJwk> {
  try {
    return await parsePublicJwk(jwk);
  } catch (cause) {
    throw new GuardError('answer_invalid', 'the auth service told a key that is none', { cause });
  }
}
