import { isDeepStrictEqual } from 'node:util';
import { backoffMs, type Clock, type KubeObject, type Outcome, type Random } from '@sekisho/kube';
import { describeProblems, type Jwks, parseJwks, parseTokenIssuer, type TokenIssuer } from '@sekisho/policy';
import { OperatorError } from './errors.ts';
import type { FetchJson } from './fetch-jwks.ts';

/** What is known of an issuer's keys. */
export type KeyState =
  /** The first fetch has not ended yet; it will, within the fetch's timeout. */
  | { readonly state: 'pending' }
  | { readonly state: 'inline'; readonly jwks: Jwks }
  | { readonly state: 'fetched'; readonly jwks: Jwks }
  /** The last fetch failed; `jwks` is the last good set, if there was one since this process started. */
  | { readonly state: 'failed'; readonly problem: string; readonly jwks?: Jwks }
  | { readonly state: 'invalid'; readonly problem: string };

interface Wanted {
  readonly uri: string;
  readonly issuer: string;
}

interface Entry extends Wanted {
  readonly jwks?: Jwks;
  readonly fetchedAt?: number;
  readonly problem?: string;
  readonly failures: number;
  readonly dueAt: number;
}

export interface KeySetOptions {
  readonly fetch: FetchJson;
  readonly refreshMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when `stateOf` this issuer answers something else than before. */
  readonly onChange: (name: string) => void;
  readonly onFailure: (name: string, error: unknown) => void;
}

/** Key sets by TokenIssuer: inline ones as they stand, others fetched in time and kept when a later fetch fails. */
export class KeySets {
  readonly #options: KeySetOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #parsed = new WeakMap<KubeObject, ReturnType<typeof parseTokenIssuer>>();

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  stateOf(issuer: KubeObject): KeyState {
    const parsed = this.#parse(issuer);
    if (!parsed.ok) return { state: 'invalid', problem: describeProblems(parsed.problems) };
    const { spec } = parsed.value;
    if (spec.jwks) return { state: 'inline', jwks: spec.jwks };
    return stateOfEntry(this.#entry(parsed.value));
  }

  /** Age of the oldest fetched set in milliseconds; 0 when none is fetched. */
  get oldestAgeMs(): number {
    const times = [...this.#entries.values()].flatMap(({ fetchedAt }) => fetchedAt ?? []);
    return times.length === 0 ? 0 : this.#options.clock.now() - Math.min(...times);
  }

  forget(name: string): void {
    this.#entries.delete(name);
  }

  /**
   * For the begin of a term. What this process fetched in an earlier one may be older than what another one wrote since: a withdrawn
   * key would come back with it, and one that is signed with by now would go.
   */
  forgetAll(): void {
    this.#entries.clear();
  }

  /** Fetches if it is time to, and says when it will be again. A failed fetch is a state, not a throw. */
  async refresh(issuer: KubeObject, signal: AbortSignal): Promise<Outcome> {
    const parsed = this.#parse(issuer);
    const name = issuer.metadata.name;
    if (!parsed.ok || parsed.value.spec.jwksUri === undefined) {
      this.forget(name);
      return undefined;
    }
    const { clock, refreshMs } = this.#options;
    const held = this.#entry(parsed.value);
    const wait = held ? held.dueAt - clock.now() : 0;
    // Further away than it ever was put: the clock was set back, and a withdrawn key would stay trusted meanwhile.
    if (wait > 0 && wait <= refreshMs) return { againAfterMs: wait };
    const wanted = { uri: parsed.value.spec.jwksUri, issuer: parsed.value.spec.issuer };
    const entry = await this.#fetch(name, wanted, held, signal);
    this.#entries.set(name, entry);
    if (!held || !isDeepStrictEqual(stateOfEntry(held), stateOfEntry(entry))) this.#options.onChange(name);
    return { againAfterMs: Math.max(entry.dueAt - clock.now(), 1) };
  }

  async #fetch(name: string, wanted: Wanted, held: Entry | undefined, signal: AbortSignal): Promise<Entry> {
    const { clock, random, refreshMs, onFailure } = this.#options;
    try {
      const jwks = checked(await this.#options.fetch(wanted.uri, signal));
      // A tenth of jitter: many replicas or issuers do not come in step.
      const dueAt = clock.now() + refreshMs * (0.9 + 0.1 * random());
      return { ...wanted, jwks, fetchedAt: clock.now(), failures: 0, dueAt };
    } catch (error) {
      if (signal.aborted) throw error;
      onFailure(name, error);
      const failures = (held?.failures ?? 0) + 1;
      const dueAt = clock.now() + backoffMs(failures, { baseMs: 1_000, maxMs: refreshMs }, random);
      return { ...held, ...wanted, problem: problemOf(error), failures, dueAt };
    }
  }

  /** The entry, as long as it is of this URL and this issuer: keys of another one prove nothing about its tokens. */
  #entry({ metadata, spec }: TokenIssuer): Entry | undefined {
    const entry = this.#entries.get(metadata.name);
    return entry && entry.uri === spec.jwksUri && entry.issuer === spec.issuer ? entry : undefined;
  }

  #parse(issuer: KubeObject): ReturnType<typeof parseTokenIssuer> {
    const known = this.#parsed.get(issuer);
    if (known) return known;
    const parsed = parseTokenIssuer(issuer);
    this.#parsed.set(issuer, parsed);
    return parsed;
  }
}

function stateOfEntry(entry: Entry | undefined): KeyState {
  if (entry === undefined) return { state: 'pending' };
  const { jwks, problem } = entry;
  if (problem !== undefined) return { state: 'failed', problem, ...(jwks && { jwks }) };
  return jwks ? { state: 'fetched', jwks } : { state: 'pending' };
}

function checked(raw: unknown): Jwks {
  const parsed = parseJwks(raw);
  if (parsed.ok) return parsed.value;
  throw new OperatorError('jwks_invalid', `answered no usable key set: ${describeProblems(parsed.problems, 2)}`);
}

function problemOf(error: unknown): string {
  return error instanceof OperatorError ? `jwksUri ${error.message}` : 'jwksUri could not be read';
}
