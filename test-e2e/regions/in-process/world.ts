import { randomBytes } from 'node:crypto';
import { databaseKinds } from '@sekisho/auth/testing';
import { startValkey, until, type Valkey, type ValkeyProgram } from '@sekisho/sessions/testing';
import type { Jwks } from '@sekisho/tokens';
import { vi } from 'vitest';
import type { RegionalGuard } from './guard.ts';
import { type LoggedIn, newKeys, RegionUnderTest } from './region.ts';
import { healed } from './waits.ts';

export interface WorldOptions {
  readonly valkey: ValkeyProgram;
  readonly postgresUrl: string;
}

const PASSWORD = 'correct horse battery';
/** A store that answers late, or in the second in which a user was revoked, is no reason to end a test. */
const AGAIN = { timeout: 60_000, interval: 200 };

/** Two regions, each with a store, an auth service and a guard; a store and a database that they share. */
export class World {
  readonly global: Valkey;
  readonly tokyo: RegionUnderTest;
  readonly osaka: RegionUnderTest;
  /** Public keys of both. */
  readonly jwks: Jwks;
  readonly guards: { readonly tokyo: RegionalGuard; readonly osaka: RegionalGuard };
  readonly databaseUrl: string;
  readonly #removeDatabase: () => Promise<void>;

  private constructor(
    parts: Pick<World, 'global' | 'tokyo' | 'osaka' | 'jwks' | 'guards' | 'databaseUrl'>,
    remove: () => Promise<void>,
  ) {
    ({ global: this.global, tokyo: this.tokyo, osaka: this.osaka, jwks: this.jwks, guards: this.guards } = parts);
    this.databaseUrl = parts.databaseUrl;
    this.#removeDatabase = remove;
  }

  static async start({ valkey, postgresUrl }: WorldOptions): Promise<World> {
    const kind = databaseKinds(postgresUrl).at(-1);
    if (kind === undefined) throw new Error('there is no database');
    const { url: databaseUrl, remove } = await kind.create();
    const global = await startValkey(valkey);
    const shared = { globalUrl: global.url, databaseUrl, sessionKeys: newKeys(), valkey };
    const tokyo = await RegionUnderTest.start({ ...shared, name: 'tokyo', others: ['osaka'] });
    const osaka = await RegionUnderTest.start({ ...shared, name: 'osaka', others: ['tokyo'] });
    const jwks = await everyKey([tokyo, osaka]);
    const guards = { tokyo: await tokyo.startGuard(jwks), osaka: await osaka.startGuard(jwks) };
    const world = new World({ global, tokyo, osaka, jwks, guards, databaseUrl }, remove);
    for (const guard of Object.values(guards)) await until('a guard is ready', () => guard.isReady());
    await healed(tokyo, osaka);
    return world;
  }

  /** Somebody whom nobody else in the test is. */
  addUser(): Promise<User> {
    return vi.waitFor(() => this.#addUser(), AGAIN);
  }

  async #addUser(): Promise<User> {
    const email = `${randomBytes(6).toString('hex')}@example.org`;
    const grants = ['bucket', 'lenient'].map((service) => ({ service, permissions: [`${service}:read`] }));
    const body = { email, password: PASSWORD, roles: [], permissions: [], grants };
    const made = await this.tokyo.administer('POST', '/v1/users', { payload: body });
    if (made.statusCode !== 201) throw new Error(made.body);
    const logInAt = (region: RegionUnderTest, auth = region.auth) =>
      vi.waitFor(() => region.logIn({ email, password: PASSWORD }, auth), AGAIN);
    return { id: made.json().id, logIn: logInAt };
  }

  async close(): Promise<void> {
    for (const guard of Object.values(this.guards)) await guard.close();
    await this.tokyo.close();
    await this.osaka.close();
    await this.global.remove();
    await this.#removeDatabase();
  }
}

export interface User {
  readonly id: string;
  /** @param auth another replica than the region's first */
  logIn(region: RegionUnderTest, auth?: RegionUnderTest['auth']): Promise<LoggedIn>;
}

/** Once each region publishes a key that signs, and knows those of the others. */
async function everyKey(regions: readonly RegionUnderTest[]): Promise<Jwks> {
  const published = (region: RegionUnderTest) => region.publishedKeys();
  let all: Jwks = { keys: [] };
  await until('every region publishes the keys of all', async () => {
    const sets = await Promise.all(regions.map(published));
    all = sets[0] ?? all;
    const kids = sets.map(({ keys }) =>
      keys
        .map(({ kid }) => kid)
        .toSorted()
        .join(),
    );
    const isOf = (name: string) => all.keys.some(({ kid }) => kid.startsWith(`${name}.`));
    return new Set(kids).size === 1 && regions.every(({ name }) => isOf(name));
  });
  return all;
}
