import { randomBytes } from 'node:crypto';
import { HttpClient } from '../http.ts';
import type { AuthServer } from './auth-process.ts';

export const PASSWORD = 'correct horse battery';
/** Which services everybody in the bench may use. */
const GRANTS = [
  { service: 'bucket', permissions: ['bucket:read', 'bucket:write'] },
  { service: 'user', permissions: ['user:read'] },
];
export const CALLBACK = 'https://app.example/callback';

export interface User {
  readonly email: string;
}

export interface LoggedIn {
  readonly access_token: string;
  readonly refresh_token: string;
}

export interface ConfidentialClient {
  readonly id: string;
  /** '' for one that has a key. */
  readonly secret: string;
}

export type PlatformServer = Pick<AuthServer, 'url' | 'adminUrl' | 'admin'>;

/** What people and administrators ask of the service, over HTTP. */
export class Platform<Server extends PlatformServer = AuthServer> {
  readonly server: Server;
  readonly http: HttpClient;
  readonly #admin: HttpClient;
  #adminToken: Promise<LoggedIn> | undefined;

  constructor(server: Server) {
    this.server = server;
    this.http = new HttpClient(server.url);
    this.#admin = new HttpClient(server.adminUrl, 8);
  }

  async logIn({ email }: User, more: object = {}): Promise<LoggedIn> {
    const body = { email, password: PASSWORD, ...more };
    const headers = { 'x-forwarded-for': anyAddress() };
    const { text } = await this.http.send({ method: 'POST', path: '/v1/sessions', headers, body, expect: 201 });
    return JSON.parse(text);
  }

  async asAdmin(path: string, body: object, expect: number): Promise<string> {
    this.#adminToken ??= this.logIn(this.server.admin, { password: this.server.admin.password, services: ['auth'] });
    const headers = { authorization: `Bearer ${(await this.#adminToken).access_token}` };
    return (await this.#admin.send({ method: 'POST', path, headers, body, expect })).text;
  }

  async addUser(grants: typeof GRANTS = GRANTS): Promise<User> {
    const email = `${randomBytes(6).toString('hex')}@example.org`;
    await this.asAdmin('/v1/users', { email, password: PASSWORD, roles: ['member'], grants }, 201);
    return { email };
  }

  async addClient(overrides: object): Promise<ConfidentialClient> {
    const client = {
      id: `app-${randomBytes(6).toString('hex')}`,
      name: 'bench',
      firstParty: true,
      authMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      grants: GRANTS,
      ...overrides,
    };
    const { secret = '' } = JSON.parse(await this.asAdmin('/v1/clients', client, 201));
    return { id: client.id, secret };
  }

  async close(): Promise<void> {
    await this.http.close();
    await this.#admin.close();
  }
}

/** An address of its own for each call: one that logs in a hundred times a minute would be slowed down. */
export function anyAddress(): string {
  return `10.${[...randomBytes(3)].join('.')}`;
}
