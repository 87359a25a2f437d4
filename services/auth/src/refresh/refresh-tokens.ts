import { type EndedSession, type RefreshStore, type Rotation, type Session, SessionError } from '@sekisho/sessions';
import { LoginRefused } from '../login/login.ts';
import type { LoginFailure } from '../metrics.ts';
import { type FamilyContext, parseContext } from './family-context.ts';
import type { RefreshTokenContent, RefreshTokenFormat } from './refresh-token.ts';

export interface RefreshTokensOptions {
  readonly store: RefreshStore;
  readonly format: RefreshTokenFormat;
  /** Whether the session itself is refused by a revocation. */
  readonly isRevoked: (session: Session, clientId: string) => boolean;
  /** Ends a session whose token was replayed, tells so, and refuses the access tokens that it brought. */
  readonly endSession: (userId: string, sessionId: string) => Promise<void>;
  /** Seconds until a session may be refreshed, 0 for now; counts it if so. */
  readonly takeTurn: (sessionId: string) => Promise<number>;
  /** Text that nobody can guess: 256 bits. */
  readonly newSecret: () => string;
}

export interface FamilyInUse {
  readonly session: Session;
  readonly context: FamilyContext;
}

export interface Refreshed<T> {
  readonly issued: T;
  readonly refreshToken: string;
  /** Prolonged. */
  readonly session: Session;
}

export interface FoundFamily extends FamilyInUse {
  /** Whether it is the token that is to be used next, of a session that nobody refuses. */
  readonly isValid: boolean;
}

export interface PresentedToken {
  readonly token: string;
  readonly clientId: string;
}

/** All reject with LoginRefused, or SessionError `redis_unavailable`, `session_untold`. */
export interface RefreshTokens {
  /** The first refresh token of a session; those that it had before are worth nothing from then on. */
  begin(session: Session, context: FamilyContext): Promise<string>;
  /**
   * Exchanges a refresh token for its successor and for what `issue` makes. What `issue` made is kept back when the
   * token turns out to be used before; when `issue` fails the token stays valid, so that an outage ends no session.
   */
  use<T>(presented: PresentedToken, issue: (family: FamilyInUse) => Promise<T>): Promise<Refreshed<T>>;
  /** The family of a token, used or not; undefined when that is over, or the token is none of ours. */
  find(token: string): Promise<FoundFamily | undefined>;
  /** The session that a token of this client is of, to end it: also one that Redis lost, and may bring back. */
  sessionOf(presented: PresentedToken): Promise<EndedSession | undefined>;
}

export function createRefreshTokens(options: RefreshTokensOptions): RefreshTokens {
  const { store, format, isRevoked, takeTurn, newSecret } = options;
  return {
    async begin({ userId, id: sessionId }, context) {
      const secret = newSecret();
      const family = { secret, context: JSON.stringify(context) };
      if (!(await store.begin(userId, sessionId, family))) throw refused('session_over');
      return format.make({ userId, sessionId, generation: 0 }, secret, context.clientId);
    },

    async use({ token, clientId }, issue) {
      const { userId, sessionId, generation, secret, ...family } = await open(options, { token, clientId });
      if (family.context.clientId !== clientId) throw refused('token_unknown');
      if (isRevoked(family.session, clientId)) throw refused('session_over');
      const wait = await takeTurn(sessionId);
      if (wait > 0) throw tooOften(wait);
      const issued = await issue(family);
      const rotation = await store.rotate({ userId, sessionId, generation, secret });
      const { session, generation: successor } = await settle(options, rotation, family.session);
      const refreshToken = format.make({ userId, sessionId, generation: successor }, secret, clientId);
      return { issued, session, refreshToken };
    },

    async find(token) {
      const read = format.read(token);
      const family = read && (await store.find(read.userId, read.sessionId, 'unsaid'));
      if (family === undefined || !read?.isGenuine(family.secret)) return undefined;
      const { session, generation } = family;
      const context = parseContext(family.context);
      const isValid = read.generation === generation && !isRevoked(session, context.clientId);
      return { session, context, isValid };
    },

    async sessionOf({ token, clientId }) {
      const read = format.read(token);
      if (read === undefined) return undefined;
      const family = await store.find(read.userId, read.sessionId);
      const isTheirs =
        family !== undefined && read.isGenuine(family.secret)
          ? parseContext(family.context).clientId === clientId
          : // Of a session that is lost, or of a family of it that a region could not tell of yet.
            family?.isLatest !== true && read.isSealedFor(clientId);
      return isTheirs ? { id: read.sessionId, userId: read.userId, clientId } : undefined;
    },
  };
}

type Opened = FamilyInUse & RefreshTokenContent & { readonly secret: string };

async function open({ format, store }: RefreshTokensOptions, { token, clientId }: PresentedToken): Promise<Opened> {
  const read = format.read(token);
  if (read === undefined) throw refused('token_unknown');
  const { userId, sessionId, generation } = read;
  const family = await store.find(userId, sessionId, 'unsaid');
  if (family === undefined) throw refused('session_over');
  const { session, secret, context, isLatest } = family;
  if (!read.isGenuine(secret)) {
    if (isLatest || !read.isSealedFor(clientId)) throw refused('token_unknown');
    throw new SessionError(
      'session_untold',
      'the token may be of a later log-in, of which a region could not tell yet',
    );
  }
  return { userId, sessionId, generation, session, secret, context: parseContext(context) };
}

type Rotated = Extract<Rotation, { readonly result: 'rotated' | 'repeated' }>;

async function settle({ endSession }: RefreshTokensOptions, rotation: Rotation, session: Session): Promise<Rotated> {
  switch (rotation.result) {
    case 'rotated':
    case 'repeated':
      return rotation;
    case 'ended':
      throw refused('session_over');
    case 'replayed': {
      // One of two has it who should not (RFC 9700 section 4.14.2), and nobody can tell which.
      await endSession(session.userId, session.id);
      throw refused('replayed');
    }
  }
}

/** Whatever is wrong with a refresh token, who sent it is told the same. */
export function refused(reason: LoginFailure): LoginRefused {
  return new LoginRefused(reason, 'session_expired', 'the session is over: log in again');
}

function tooOften(retryAfter: number): LoginRefused {
  return new LoginRefused('rate_limited', 'rate_limited', 'this session is refreshed too often', { retryAfter });
}
