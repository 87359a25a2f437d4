import { randomUUID } from 'node:crypto';
import { createDeviceCheck, type DeviceCheck, type DevicePolicy, type SecurityEvent } from '@sekisho/sessions';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { type AccessGrant, createMinter, createVerifier, generateSigningKey, toJwks } from '@sekisho/tokens';
import { type AccountStore, AUDIENCE, type NewAccount } from '../accounts/account.ts';
import { createLogin } from '../login/login.ts';
import { createAuthMetrics } from '../metrics.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { beginOwnRefresh, createRefresh } from '../refresh/refresh.ts';
import { createRefreshTokenFormat } from '../refresh/refresh-token.ts';
import { createRefreshTokens } from '../refresh/refresh-tokens.ts';
import { memoryAccounts } from './memory-accounts.ts';
import { type Bursts, memoryLimits } from './memory-limits.ts';
import { memoryRefresh } from './memory-refresh.ts';
import { memoryRevocations } from './memory-revocations.ts';
import { memorySessions } from './memory-sessions.ts';

export const ISSUER = 'https://auth.test';
export const ADMIN_ID = '00000000-0000-4000-8000-000000000001';
export const ALICE_ID = '00000000-0000-4000-8000-000000000002';

/** A token of the administrator's, for this service. */
export function administratorGrant(permissions: readonly string[]): AccessGrant {
  const services = { [AUDIENCE]: { permissions: [...permissions] } };
  return { subject: ADMIN_ID, clientId: 'web', audience: [AUDIENCE], services, lifetimeSeconds: 900 };
}

export const alice: NewAccount = {
  id: ALICE_ID,
  email: 'alice@example.org',
  passwordHash: 'hash:correct horse',
  active: true,
  roles: ['member'],
  permissions: ['profile:read'],
  grants: [
    { service: 'bucket', permissions: ['bucket:read', 'bucket:write'] },
    { service: 'user', permissions: ['user:read'], expires: 2_000_000_000 },
    { service: 'archive', permissions: ['archive:read'], expires: 1_000_000_000 },
  ],
};

/** Readable hashes instead of slow ones; counts what was verified. */
export function plainHasher(): PasswordHasher & { readonly verified: (string | undefined)[] } {
  const verified: (string | undefined)[] = [];
  return {
    verified,
    hash: async (password) => `hash:${password}`,
    async verify(stored, password) {
      verified.push(stored);
      return stored === `hash:${password}` || stored === `old:${password}`;
    },
    isOutdated: (stored) => stored.startsWith('old:'),
  };
}

export interface FixtureOptions {
  readonly accounts?: AccountStore;
  readonly bursts?: Partial<Bursts>;
}

const key = await generateSigningKey();
export const jwks = toJwks([key]);

/** Everything a log-in needs, in memory, with a clock that the test sets. */
export function createFixture({ accounts = memoryAccounts(alice), bursts }: FixtureOptions = {}) {
  const time = { now: new Date('2026-01-02T03:04:05Z') };
  /** Seconds until a session may be refreshed. */
  const waits = { refresh: 0 };
  const policy: { device: DevicePolicy } = { device: 'log' };
  const clock = () => time.now;
  const sessions = memorySessions(clock);
  const passwords = plainHasher();
  const limits = memoryLimits({ network: 1_000, accountFromNetwork: 5, account: 100, ...bursts });
  const minter = createMinter({ issuer: ISSUER, key: () => key, clock, uuid: randomUUID });
  const mint = minter.access;
  const log = createLogger({ name: 'test', level: 'silent' });
  const revocations = memoryRevocations(clock);
  const endSession = async (userId: string, id: string) => void (await sessions.destroy(userId, id));
  const refreshTokens = createRefreshTokens({
    store: memoryRefresh(sessions, clock),
    format: createRefreshTokenFormat({ current: Buffer.alloc(32, 7), previous: [] }),
    endSession,
    takeTurn: async () => waits.refresh,
    newSecret: randomUUID,
    isRevoked: ({ id }) => revocations.check({ session: { id } }) !== undefined,
  });
  const beginRefresh = beginOwnRefresh(refreshTokens);
  const common = { accounts, mint, clock, tokenLifetime: 900 };
  const login = createLogin({ ...common, passwords, sessions, limits, beginRefresh });
  const events: SecurityEvent[] = [];
  const onSecurityEvent = (event: SecurityEvent) => void events.push(event);
  const checkDevice: DeviceCheck = (...args) => createDeviceCheck({ policy: policy.device, onSecurityEvent })(...args);
  const refresh = createRefresh({ ...common, refreshTokens, endSession, checkDevice });
  const registry = createMetrics({ processMetrics: false, undeclared: 'throw' });
  const metrics = createAuthMetrics(registry);
  const verifyFor = (audience: string) => createVerifier({ issuer: ISSUER, audience, jwks: () => jwks, clock });
  const stores = { accounts, sessions, passwords, limits, refreshTokens, revocations };
  return {
    ...stores,
    time,
    waits,
    policy,
    events,
    clock,
    minter,
    mint,
    login,
    refresh,
    registry,
    metrics,
    log,
    verifyFor,
  };
}
