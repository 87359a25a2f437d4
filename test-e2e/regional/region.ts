import { randomBytes } from 'node:crypto';
import { type EncryptionKeys, KEY_DEFAULTS, type ServiceOptions } from '@sekisho/auth';
import {
  ADMIN_LOGIN,
  type FreezableProxy,
  logIn,
  startProxyFor,
  startService,
  untilReady,
} from '@sekisho/auth/testing';
import type { RegionSettings } from '@sekisho/sessions';
import { startValkey, type Valkey, type ValkeyProgram } from '@sekisho/sessions/testing';
import type { Jwks } from '@sekisho/tokens';
import { type RegionalGuard, startGuard } from './guard.ts';

export interface RegionOptions {
  readonly name: string;
  readonly others: readonly string[];
  readonly globalUrl: string;
  readonly databaseUrl: string;
  /** Shared by all. */
  readonly sessionKeys: EncryptionKeys;
  readonly valkey: ValkeyProgram;
}

type AuthService = Awaited<ReturnType<typeof startService>>;
type Injected = Awaited<ReturnType<AuthService['publicApp']['inject']>>;

export interface LoggedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
}

type AuthOptions = Pick<ServiceOptions, 'redisUrl' | 'regions' | 'databaseUrl'> & {
  readonly encryptionKeys: EncryptionKeys;
  readonly sessionKeys: EncryptionKeys;
};

type Parts = Pick<RegionUnderTest, 'name' | 'store' | 'line' | 'settings' | 'auth' | 'startAuth'>;

export const newKeys = (): EncryptionKeys => ({ current: randomBytes(32), previous: [] });

/** Above what a machine takes that others use as well. */
const STORE_TIMEOUT_MS = 5_000;

/** Each learns soon of the other's keys. */
const KEYS = { ...KEY_DEFAULTS, pollMs: 5_000 };

async function startAuth(options: AuthOptions): Promise<AuthService> {
  const auth = await startService({ ...options, keys: KEYS, prefix: 'sk', storeTimeoutMs: STORE_TIMEOUT_MS });
  await untilReady(auth);
  return auth;
}

/** One region: its store, its line to the global one, an auth service and what asks it. */
export class RegionUnderTest {
  readonly name: string;
  readonly store: Valkey;
  readonly line: FreezableProxy;
  readonly settings: RegionSettings;
  readonly auth: AuthService;
  /** One more replica, which the test closes. */
  readonly startAuth: (changes?: Partial<RegionSettings>) => Promise<AuthService>;

  #adminToken: string | undefined;

  private constructor(parts: Parts) {
    ({ name: this.name, store: this.store, line: this.line } = parts);
    ({ settings: this.settings, auth: this.auth, startAuth: this.startAuth } = parts);
  }

  static async start({ name, others, globalUrl, valkey, ...shared }: RegionOptions): Promise<RegionUnderTest> {
    const store = await startValkey(valkey);
    const { proxy: line, url: globalRedisUrl } = await startProxyFor(globalUrl);
    const settings: RegionSettings = {
      ...{ region: { name, others }, isFirst: name === 'tokyo', globalRedisUrl, maxBehindMs: 900_000 },
      ...{ withoutGlobal: 'local', withoutLocal: 'global' },
    };
    const own = { ...shared, redisUrl: store.url, encryptionKeys: newKeys() };
    const start = (changes: Partial<RegionSettings> = {}) =>
      startAuth({ ...own, regions: { ...settings, ...changes } });
    return new RegionUnderTest({ name, store, line, settings, auth: await start(), startAuth: start });
  }

  startGuard(jwks: Jwks, settings: Partial<RegionSettings> = {}): Promise<RegionalGuard> {
    return startGuard({ redisUrl: this.store.url, regions: { ...this.settings, ...settings }, jwks });
  }

  async publishedKeys(): Promise<Jwks> {
    return (await this.auth.publicApp.inject({ url: '/.well-known/jwks.json' })).json();
  }

  async logIn(credentials: { readonly email: string; readonly password: string }, auth = this.auth): Promise<LoggedIn> {
    const answer = await logIn(auth, { ...credentials, services: ['bucket', 'lenient'] });
    if (answer.statusCode !== 201) throw new Error(`${this.name}: the log-in is answered ${answer.body}`);
    return loggedIn(answer);
  }

  refresh(refreshToken: string): Promise<Injected> {
    const payload = { refresh_token: refreshToken };
    return this.auth.publicApp.inject({ method: 'POST', url: '/v1/sessions/refresh', payload });
  }

  /** What a user does with an access token. */
  async call(method: 'GET' | 'DELETE', url: string, accessToken: string): Promise<Injected> {
    return this.auth.publicApp.inject({ method, url, headers: { authorization: `Bearer ${accessToken}` } });
  }

  /** What an administrator does, who logged in here. */
  async administer(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    { payload, auth = this.auth }: { readonly payload?: object; readonly auth?: AuthService } = {},
  ): Promise<Injected> {
    this.#adminToken ??= (await logIn(this.auth, ADMIN_LOGIN)).json().access_token;
    const headers = { authorization: `Bearer ${this.#adminToken}` };
    return auth.adminApp.inject({ method, url, headers, ...(payload && { payload }) });
  }

  async close(): Promise<void> {
    await this.auth.close();
    await this.line.close();
    await this.store.remove();
  }
}

export function loggedIn(answer: Injected): LoggedIn {
  const { access_token: accessToken, refresh_token: refreshToken } = answer.json();
  return { accessToken, refreshToken };
}
