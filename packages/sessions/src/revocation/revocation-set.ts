import {
  DATED_KINDS,
  type DatedKind,
  EVERYTHING,
  isDated,
  NAMED_KINDS,
  type NamedKind,
  type RevocationEntry,
  type RevocationKind,
} from './revocation.ts';

/** Of a token's claims, those that a revocation can name. */
export interface RevocableClaims {
  readonly jti?: string;
  readonly origin_jti?: string;
  readonly sub?: string;
  readonly iat?: number;
  readonly client_id?: string;
  readonly user?: { readonly id: string };
  readonly session?: { readonly id: string; readonly device?: string };
  readonly act?: Actor;
}

interface Actor {
  readonly sub: string;
  readonly act?: Actor;
}

export interface Refusal {
  readonly kind: RevocationKind;
}

interface Moment {
  issuedBefore: number;
  until: number;
}

const REFUSALS = {
  token: { kind: 'token' },
  session: { kind: 'session' },
  key: { kind: 'key' },
  user: { kind: 'user' },
  device: { kind: 'device' },
  client: { kind: 'client' },
  all: { kind: 'all' },
} as const satisfies Record<RevocationKind, Refusal>;

/**
 * Revocations in memory. It only ever refuses more: two entries of one name become the stricter of both, and what is
 * over is forgotten only by `sweep`. Ends are kept in whole seconds, which V8 stores inside the map.
 */
export class RevocationSet {
  readonly #named: Readonly<Record<NamedKind, Map<string, number>>> = {
    token: new Map(),
    session: new Map(),
    key: new Map(),
  };
  readonly #dated: Readonly<Record<DatedKind, Map<string, Moment>>> = {
    user: new Map(),
    device: new Map(),
    client: new Map(),
    all: new Map(),
  };

  get size(): number {
    return [...Object.values(this.#named), ...Object.values(this.#dated)].reduce((sum, { size }) => sum + size, 0);
  }

  add({ kind, id, issuedBefore = 0, until }: RevocationEntry): void {
    const seconds = Math.ceil(until / 1000);
    if (!isDated(kind)) {
      this.#named[kind].set(id, Math.max(this.#named[kind].get(id) ?? 0, seconds));
      return;
    }
    const moment = this.#dated[kind].get(id);
    if (moment === undefined) {
      this.#dated[kind].set(id, { issuedBefore, until: seconds });
    } else {
      moment.issuedBefore = Math.max(moment.issuedBefore, issuedBefore);
      moment.until = Math.max(moment.until, seconds);
    }
  }

  /**
   * Whether a token with these claims is refused, and by what; a few look-ups, no allocation.
   * @param kid of the token's header
   */
  check(claims: RevocableClaims, kid?: string): Refusal | undefined {
    const { session, client_id: client, iat } = claims;
    if (this.#namesToken(claims)) return REFUSALS.token;
    if (session !== undefined && this.#named.session.has(session.id)) return REFUSALS.session;
    if (kid !== undefined && this.#named.key.has(kid)) return REFUSALS.key;
    if (this.#isOlder('all', EVERYTHING, iat)) return REFUSALS.all;
    if (this.#namesUser(claims)) return REFUSALS.user;
    if (this.#isOlder('device', session?.device, iat)) return REFUSALS.device;
    if (this.#isOlder('client', client, iat)) return REFUSALS.client;
    return undefined;
  }

  /** @param now milliseconds since the epoch */
  sweep(now: number): void {
    const seconds = now / 1000;
    for (const kind of NAMED_KINDS) {
      for (const [id, until] of this.#named[kind]) if (until <= seconds) this.#named[kind].delete(id);
    }
    for (const kind of DATED_KINDS) {
      for (const [id, { until }] of this.#dated[kind]) if (until <= seconds) this.#dated[kind].delete(id);
    }
  }

  *entries(): Generator<RevocationEntry> {
    for (const kind of NAMED_KINDS) {
      for (const [id, until] of this.#named[kind]) yield { kind, id, until: until * 1000 };
    }
    for (const kind of DATED_KINDS) {
      for (const [id, { issuedBefore, until }] of this.#dated[kind])
        yield { kind, id, issuedBefore, until: until * 1000 };
    }
  }

  /** Whether this set refuses all that the entry does, give or take the second that ends are rounded to. */
  covers({ kind, id, issuedBefore = 0, until }: RevocationEntry): boolean {
    const seconds = Math.floor(until / 1000);
    if (!isDated(kind)) return (this.#named[kind].get(id) ?? 0) >= seconds;
    const moment = this.#dated[kind].get(id);
    return moment !== undefined && moment.issuedBefore >= issuedBefore && moment.until >= seconds;
  }

  #namesToken({ jti, origin_jti: origin }: RevocableClaims): boolean {
    const { token } = this.#named;
    return (jti !== undefined && token.has(jti)) || (origin !== undefined && token.has(origin));
  }

  /** Who acts for the subject counts as much as the subject: a stolen workload must not act on for others. */
  #namesUser({ sub, user, act, iat }: RevocableClaims): boolean {
    if (this.#dated.user.size === 0) return false;
    if (this.#isOlder('user', sub, iat) || this.#isOlder('user', user?.id, iat)) return true;
    for (let actor = act; actor !== undefined; actor = actor.act) {
      if (this.#isOlder('user', actor.sub, iat)) return true;
    }
    return false;
  }

  /** A token that does not say when it was issued is older than anything. */
  #isOlder(kind: DatedKind, id: string | undefined, iat = 0): boolean {
    if (id === undefined) return false;
    const moment = this.#dated[kind].get(id);
    return moment !== undefined && iat <= moment.issuedBefore;
  }
}
