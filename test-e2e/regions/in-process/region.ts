import { randomBytes } from 'node:crypto';
import { type EncryptionKeys, KEY_DEFAULTS, type ServiceOptions } from '@sekisho/auth';
import { ADMIN_LOGIN, logIn, startService, untilReady } from '@sekisho/auth/testing';
import type { RegionSettings } from '@sekisho/sessions';
import { startValkey, type Valkey, type ValkeyProgram } from '@sekisho/sessions/testing';
import { type Line, startLine } from '@sekisho/telemetry/testing';
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

/** A log-in that gets no answer in time is tried again, which is no attack here. */
const RATE = { burst: 1_000_000, refillSeconds: 1 };
const RATES = { network: RATE, accountFromNetwork: RATE, account: RATE };

/** Each learns soon of the other's keys. */
const KEYS = { ...KEY_DEFAULTS, pollMs: 5_000 };

async function startAuth(options: AuthOptions): Promise<AuthService> {
  const own = { keys: KEYS, rates: RATES, prefix: 'sk', storeTimeoutMs: STORE_TIMEOUT_MS };
  const auth = await startService({ ...options, ...own });
  await untilReady(auth);
  return auth;
}

/** One region: its store, its line to the global one, an auth service and what asks it. */
export class RegionUnderTest {
  readonly name: string;
  readonly store: Valkey;
  readonly line: Line;
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
    const line = await startLine(globalUrl);
    const settings: RegionSettings = {
      ...{ region: { name, others }, isFirst: name === 'tokyo', globalRedisUrl: line.url, maxBehindMs: 900_000 },
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

  /** What an administrator does, who logged in here; after a 401 the next one logs in anew. */
  async administer(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    { payload, auth = this.auth }: { readonly payload?: object; readonly auth?: AuthService } = {},
  ): Promise<Injected> {
    this.#adminToken ??= (await logIn(this.auth, ADMIN_LOGIN)).json().access_token;
    const headers = { authorization: `Bearer ${this.#adminToken}` };
    const answer = await auth.adminApp.inject({ method, url, headers, ...(payload && { payload }) });
    // On a slow machine a test takes longer than a token lives.
    if (answer.statusCode === 401) this.#adminToken = undefined;
    return answer;
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
