import { type Jwks, type PublicJwk, type SigningAlgorithm, type SigningKey, toJwks } from '@sekisho/tokens';
import type { SignerAnswer, ToldKey, WantedKey } from '../keys/signer-answer.ts';
import type { OfferedKey } from '../keys/signer-client.ts';

/** The part of the auth service that has the guard's keys: one that signs, one that waits, the first offer wins. */
export class FakeAuth {
  readonly token = 'service-account-token';
  keys: (ToldKey & { readonly sealed: string })[] = [];
  access: Jwks;
  wantedAlg: SigningAlgorithm = 'ES256';
  signForSeconds = 86_400;
  /** Where it is; undefined where there are no regions. */
  region: string | undefined;
  /** Keys of the guard in other regions. */
  otherKeys: readonly PublicJwk[] = [];
  /** What is answered instead; a status, a text, or that there is no connection. */
  trouble: 'away' | { readonly status?: number; readonly text: string } | undefined;
  readonly requests: { readonly method: string; readonly url: string; readonly authorization: string | null }[] = [];

  constructor(accessKey: SigningKey) {
    this.access = toJwks([accessKey]);
  }

  answer(): SignerAnswer {
    const wanted = this.keys.some(({ state }) => state === 'next') ? {} : { wanted: this.#wanted() };
    const { signForSeconds } = this;
    const accessKeys = this.access.keys.map((key) => ({ ...key }));
    const otherKeys = this.otherKeys.map((key) => ({ ...key }));
    return { keys: [...this.keys], ...wanted, otherKeys, accessKeys, signForSeconds };
  }

  /** In place of the platform's. */
  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const authorization = new Headers(init.headers).get('authorization');
    this.requests.push({ method: init.method ?? 'GET', url: String(input), authorization });
    if (this.trouble === 'away') throw new TypeError('fetch failed');
    if (this.trouble !== undefined) return new Response(this.trouble.text, { status: this.trouble.status ?? 200 });
    if (authorization !== `Bearer ${this.token}`) return problem(401, 'token_invalid');
    if (init.method !== 'POST') return Response.json(this.answer());
    return this.#take(JSON.parse(String(init.body))) ? Response.json(this.answer()) : problem(409, 'key_unwanted');
  };

  /** The next key signs from now on. */
  promote(): void {
    this.keys = this.keys.map((key) => ({ ...key, state: key.state === 'next' ? 'active' : 'retiring' }));
  }

  remove(kid: string): void {
    this.keys = this.keys.filter((key) => key.kid !== kid);
  }

  #wanted(): WantedKey {
    return { alg: this.wantedAlg, ...(this.region !== undefined && { region: this.region }) };
  }

  #take({ jwk, alg, sealed }: OfferedKey): boolean {
    const state = this.keys.some((key) => key.state === 'active') ? 'next' : 'active';
    if (this.keys.some((key) => key.state === state)) return false;
    this.keys.push({ kid: jwk.kid, alg, state, jwk: { ...jwk }, sealed });
    return true;
  }
}

function problem(status: number, code: string): Response {
  return Response.json({ status, code, title: 'refused' }, { status });
}
