import type { Device, Session, SessionStore } from '@sekisho/sessions';
import type { Mint } from '@sekisho/tokens';
import {
  type Account,
  type AccountStore,
  AUDIENCE,
  activeGrants,
  type Credentials,
  type Grant,
  normaliseEmail,
} from '../accounts/account.ts';
import { AuthError } from '../errors.ts';
import type { LoginFailure } from '../metrics.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { accessGrant, everydayGrants } from './access-grant.ts';
import { clientNetwork } from './client-network.ts';
import type { Attempt, LoginLimits } from './login-limits.ts';

export interface LoginRequest {
  readonly email: string;
  readonly password: string;
  /** Services the token is for; without it, all that are granted but the administrators' API. */
  readonly services?: readonly string[];
  readonly device: Device;
  readonly ip: string;
}

export interface LoginResult {
  readonly token: string;
  /** Seconds until the token ends. */
  readonly expiresIn: number;
  readonly refreshToken: string;
  readonly session: Session;
}

export interface LoginDependencies {
  readonly accounts: AccountStore;
  readonly passwords: PasswordHasher;
  readonly sessions: SessionStore;
  readonly limits: LoginLimits;
  readonly mint: Mint;
  /** The first refresh token of a session, for the services that were asked for. */
  readonly beginRefresh: (session: Session, services: readonly string[] | undefined) => Promise<string>;
  readonly clock: () => Date;
  /** Seconds an access token lives. */
  readonly tokenLifetime: number;
  /** @default by the accounts, passwords and limits here */
  readonly authenticate?: Authenticate;
}

export type Login = (request: LoginRequest) => Promise<LoginResult>;

/** Who tries to log in, and from where. */
export type PasswordAttempt = Pick<LoginRequest, 'email' | 'password' | 'ip'>;

export type Authenticate = (attempt: PasswordAttempt) => Promise<Account>;

interface OfUser {
  readonly reason: LoginFailure;
  readonly userId: string;
}

/** A refusal whose reason the metrics know better than the client, which is told less. */
export class LoginRefused extends AuthError {
  readonly reason: LoginFailure;
  /** Where it is known whose log-in it would have been. */
  readonly userId: string | undefined;

  constructor(why: LoginFailure | OfUser, ...error: ConstructorParameters<typeof AuthError>) {
    super(...error);
    const { reason, userId } = typeof why === 'string' ? { reason: why, userId: undefined } : why;
    this.reason = reason;
    this.userId = userId;
  }
}

/**
 * The one check of a password: every way to log in with one is counted, slowed down and answered alike.
 * Rejects with LoginRefused, or AuthError and SessionError when something it needs is away.
 */
export function createAuthenticate(
  dependencies: Pick<LoginDependencies, 'accounts' | 'passwords' | 'limits'>,
): Authenticate {
  return async ({ email, password, ip }) => {
    const attempt = { email: normaliseEmail(email), network: clientNetwork(ip) };
    await countAttempt(dependencies, attempt);
    const account = await checkPassword(dependencies, attempt.email, password);
    await dependencies.limits.succeed(attempt);
    return account;
  };
}

/** Rejects with LoginRefused, or AuthError and SessionError when something it needs is away. */
export function createLogin(dependencies: LoginDependencies): Login {
  const { authenticate = createAuthenticate(dependencies) } = dependencies;
  return async (request) => {
    const account = await authenticate(request);
    const grants = chooseGrants(account, request.services, dependencies.clock());
    return open(dependencies, { account, grants, request });
  };
}

async function countAttempt({ limits }: Pick<LoginDependencies, 'limits'>, attempt: Attempt): Promise<void> {
  const wait = await limits.take(attempt);
  if (wait > 0) {
    throw new LoginRefused('rate_limited', 'rate_limited', 'too many attempts to log in', { retryAfter: wait });
  }
}

/** An unknown user, a wrong password and an inactive user get the same answer after the same work. */
async function checkPassword(
  { accounts, passwords }: Pick<LoginDependencies, 'accounts' | 'passwords'>,
  email: string,
  password: string,
): Promise<Account> {
  const credentials = await accounts.findCredentials(email);
  const matches = await passwords.verify(credentials?.passwordHash, password);
  if (credentials === undefined) throw refused('unknown_user');
  const { userId } = credentials;
  if (!matches) throw refused({ reason: 'wrong_password', userId });
  if (!credentials.active) throw refused({ reason: 'inactive', userId });
  await renewHash({ accounts, passwords }, credentials, password);
  const account = await accounts.find(userId);
  // A password may wait a while to be checked: since then the user may be gone, and the password not be theirs any more.
  if (account === undefined) throw refused('unknown_user');
  if (!account.active) throw refused({ reason: 'inactive', userId });
  if (account.version !== credentials.version) throw changedMeanwhile();
  return account;
}

/**
 * Only now is there the password that new parameters need. It is hashed like any other: when too many wait, one tries again. A
 * database that takes no changes now takes it at a later log-in.
 */
async function renewHash(
  { accounts, passwords }: Pick<LoginDependencies, 'accounts' | 'passwords'>,
  { userId, passwordHash }: Credentials,
  password: string,
): Promise<void> {
  if (!passwords.isOutdated(passwordHash)) return;
  const hash = await passwords.hash(password);
  try {
    await accounts.rehash(userId, passwordHash, hash);
  } catch (error) {
    if (!(error instanceof AuthError && error.code === 'unavailable')) throw error;
  }
}

function refused(why: LoginFailure | OfUser): LoginRefused {
  return new LoginRefused(why, 'credentials_invalid', 'the e-mail address or the password is wrong');
}

function chooseGrants(account: Account, services: readonly string[] | undefined, now: Date): readonly Grant[] {
  const granted = activeGrants(account.grants, now);
  if (services === undefined) {
    const everyday = everydayGrants(granted);
    if (everyday.length > 0) return everyday;
    const detail = `no service is granted to this user, or only ${AUDIENCE}, which has to be asked for by name`;
    throw new LoginRefused('not_granted', 'permission_missing', detail);
  }
  return services.map((service) => {
    const grant = granted.find((candidate) => candidate.service === service);
    if (grant !== undefined) return grant;
    throw new LoginRefused('not_granted', 'permission_missing', `the service ${service} is not granted to this user`);
  });
}

async function open(
  { accounts, sessions, mint, beginRefresh, tokenLifetime }: LoginDependencies,
  { account, grants, request }: { account: Account; grants: readonly Grant[]; request: LoginRequest },
): Promise<LoginResult> {
  const session = await sessions.create({ userId: account.id, device: request.device, ip: request.ip });
  try {
    const claims = { id: session.id, device: session.fingerprint, ip: request.ip };
    const content = { account, grants, session: claims, lifetimeSeconds: tokenLifetime };
    const minted = await mint(accessGrant(content));
    const refreshToken = await beginRefresh(session, request.services);
    await assertUnchanged(accounts, account);
    return { token: minted.token, expiresIn: minted.claims.exp - minted.claims.iat, refreshToken, session };
  } catch (error) {
    await sessions.destroy(account.id, session.id);
    throw error;
  }
}

/**
 * Whoever is deactivated, or whose password is changed, loses the sessions that there are. One that a log-in begins at the same
 * moment is not there yet; but then the change is committed before this looks, and the log-in itself takes it back.
 */
async function assertUnchanged(accounts: AccountStore, { id, version }: Account): Promise<void> {
  if ((await accounts.activeVersion(id)) !== version) throw changedMeanwhile();
}

function changedMeanwhile(): AuthError {
  return new AuthError('unavailable', 'the account was changed meanwhile: try again', { retryAfter: 1 });
}
