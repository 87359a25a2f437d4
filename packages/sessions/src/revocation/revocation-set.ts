import { regionOfKid } from '@sekisho/tokens';
import { isRegional, RegionalMoments } from './regional-moments.ts';
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

/** Where something began that no key signed: a session, a log-in. */
export interface Origin {
  /** @default nobody knows: every region's moment counts */
  readonly region?: string | undefined;
}

interface Moment {
  /** About every token, by whatever clock. */
  issuedBefore: number;
  until: number;
  regions: RegionalMoments | undefined;
}

const NEVER = -1;

const REFUSALS = {
  token: { kind: 'token' },
  session: { kind: 'session' },
  key: { kind: 'key' },
  user: { kind: 'user' },
  device: { kind: 'device' },
  client: { kind: 'client' },
  all: { kind: 'all' },
} as const satisfies Record<Exclude<RevocationKind, 'logout'>, Refusal>;

/**
 * Revocations in memory. It only ever refuses more, but for the answers of regions (`RegionalMoments`): two entries of one
 * name become the stricter of both, and what is over is forgotten only by `sweep`. Ends are kept in whole seconds, which V8
 * stores inside the map.
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
    logout: new Map(),
  };
  readonly #regions: ReadonlySet<string>;
  #lastKid: { readonly kid: string; readonly region: string | undefined } = { kid: '', region: undefined };

  /** @param regions that sign with keys of their own */
  constructor(regions: readonly string[] = []) {
    this.#regions = new Set(regions);
  }

  get size(): number {
    return [...Object.values(this.#named), ...Object.values(this.#dated)].reduce((sum, { size }) => sum + size, 0);
  }

  add(entry: RevocationEntry): void {
    const { kind, id, until } = entry;
    const seconds = Math.ceil(until / 1000);
    if (!isDated(kind)) {
      this.#named[kind].set(id, Math.max(this.#named[kind].get(id) ?? 0, seconds));
      return;
    }
    const moment = this.#momentOf(kind, id);
    moment.until = Math.max(moment.until, seconds);
    if (isRegional(entry)) {
      moment.regions ??= new RegionalMoments();
      moment.regions.add(entry);
    } else {
      moment.issuedBefore = Math.max(moment.issuedBefore, entry.issuedBefore ?? 0);
    }
  }

  /**
   * Whether a token with these claims is refused, and by what; a few look-ups, no allocation.
   * @param from the kid of the token's header, or where something began that is no token
   */
  check(claims: RevocableClaims, from?: string | Origin): Refusal | undefined {
    const { session, client_id: client, iat } = claims;
    if (this.#namesToken(claims)) return REFUSALS.token;
    if (session !== undefined && this.#named.session.has(session.id)) return REFUSALS.session;
    if (typeof from === 'string' && this.#named.key.has(from)) return REFUSALS.key;
    if (this.#isOlder(this.#dated.all.get(EVERYTHING), iat, from)) return REFUSALS.all;
    if (this.#namesUser(claims, from)) return REFUSALS.user;
    if (session?.device !== undefined && this.#isOlder(this.#dated.device.get(session.device), iat, from)) {
      return REFUSALS.device;
    }
    if (client !== undefined && this.#isOlder(this.#dated.client.get(client), iat, from)) return REFUSALS.client;
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
      for (const [id, moment] of this.#dated[kind]) yield* saidOf(kind, id, moment);
    }
  }

  /** What other regions said that this one has to answer. @param now milliseconds since the epoch */
  *unansweredBy(region: string, now: number): Generator<RevocationEntry> {
    for (const kind of DATED_KINDS) {
      for (const [id, { until, regions }] of this.#dated[kind]) {
        if (regions === undefined || until * 1000 <= now) continue;
        for (const said of regions.unansweredBy(region)) yield { kind, id, ...said, until: until * 1000 };
      }
    }
  }

  /** Whether a region answered an entry of another one. */
  isAnsweredBy(region: string, entry: RevocationEntry): boolean {
    if (!isDated(entry.kind) || !isRegional(entry)) return false;
    return this.#dated[entry.kind].get(entry.id)?.regions?.isAnsweredBy(region, entry) ?? false;
  }

  /** Whether this set refuses all that the entry does, give or take the second that ends are rounded to. */
  covers(entry: RevocationEntry): boolean {
    const { kind, id, until } = entry;
    const seconds = Math.floor(until / 1000);
    if (!isDated(kind)) return (this.#named[kind].get(id) ?? 0) >= seconds;
    const moment = this.#dated[kind].get(id);
    if (moment === undefined || moment.until < seconds) return false;
    if (isRegional(entry)) return moment.regions?.covers(entry) ?? false;
    return moment.issuedBefore >= (entry.issuedBefore ?? 0);
  }

  #namesToken({ jti, origin_jti: origin }: RevocableClaims): boolean {
    const { token } = this.#named;
    return (jti !== undefined && token.has(jti)) || (origin !== undefined && token.has(origin));
  }

  /** Who acts for the subject counts as much as the subject: a stolen workload must not act on for others. */
  #namesUser({ sub, user, act, iat }: RevocableClaims, from: string | Origin | undefined): boolean {
    const users = this.#dated.user;
    if (users.size === 0) return false;
    if (sub !== undefined && this.#isOlder(users.get(sub), iat, from)) return true;
    if (user !== undefined && this.#isOlder(users.get(user.id), iat, from)) return true;
    for (let actor = act; actor !== undefined; actor = actor.act) {
      if (this.#isOlder(users.get(actor.sub), iat, from)) return true;
    }
    return false;
  }

  /** A token that does not say when it was issued is older than anything. */
  #isOlder(moment: Moment | undefined, iat = 0, from?: string | Origin): boolean {
    if (moment === undefined) return false;
    if (iat <= moment.issuedBefore) return true;
    return moment.regions?.refuses(iat, this.#regionOf(from)) ?? false;
  }

  #regionOf(from: string | Origin | undefined): string | undefined {
    const region = typeof from === 'string' ? this.#regionOfKid(from) : from?.region;
    return region !== undefined && this.#regions.has(region) ? region : undefined;
  }

  /** Most tokens are signed by the key that the one before was. */
  #regionOfKid(kid: string): string | undefined {
    if (kid !== this.#lastKid.kid) this.#lastKid = { kid, region: regionOfKid(kid) };
    return this.#lastKid.region;
  }

  #momentOf(kind: DatedKind, id: string): Moment {
    const known = this.#dated[kind].get(id);
    if (known !== undefined) return known;
    const moment: Moment = { issuedBefore: NEVER, until: 0, regions: undefined };
    this.#dated[kind].set(id, moment);
    return moment;
  }
}

function* saidOf(kind: DatedKind, id: string, { issuedBefore, until, regions }: Moment): Generator<RevocationEntry> {
  if (issuedBefore !== NEVER) yield { kind, id, issuedBefore, until: until * 1000 };
  if (regions === undefined) return;
  for (const said of regions.said()) yield { kind, id, ...said, until: until * 1000 };
}
