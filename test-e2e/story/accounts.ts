import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { waitFor } from '../mesh/wait.ts';
import { type Answer, type Call, call, json } from './http.ts';

const PATIENCE_MS = 60_000;

export interface Person {
  readonly email: string;
  readonly password: string;
  readonly id: string;
}

export interface Grant {
  readonly service: string;
  readonly permissions: readonly string[];
  /** Epoch seconds. @default for ever */
  readonly expires?: number;
}

export interface NewPerson {
  readonly name: string;
  readonly roles: readonly string[];
  readonly grants: readonly Grant[];
}

/** What a revocation names: exactly one of these. */
export type Revoked = { readonly [Kind in 'jti' | 'session' | 'user' | 'device']?: string } & {
  readonly issuedBefore?: number;
};

export interface LogIn {
  /** @default everything that was granted */
  readonly services?: readonly string[] | undefined;
  readonly device?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An auth service, wherever it runs. */
export type AuthPlace = Pick<MeshInfo, 'auth'>;

/** Logs in with a password. @returns whatever the auth service answers */
export function logInAnswer(
  { auth }: AuthPlace,
  { email, password }: Pick<Person, 'email' | 'password'>,
  { services, device, headers }: LogIn = {},
): Promise<Answer> {
  const body = { email, password, ...(services && { services }), ...(device && { device }) };
  return call(`${auth.url}/v1/sessions`, { method: 'POST', body, ...(headers && { headers }) });
}

/** The same, again while it is told to come again, and answers the access token. @throws Error naming the status; WaitError */
export async function logIn(
  place: AuthPlace,
  person: Pick<Person, 'email' | 'password'>,
  options: LogIn = {},
): Promise<string> {
  const attempt = async () => {
    const answer = await logInAnswer(place, person, options);
    return answer.status !== 503 && answer;
  };
  const answer = await waitFor(`${person.email} logs in`, attempt, { timeout: PATIENCE_MS });
  if (answer.status !== 201) throw new Error(`log in: ${answer.status} ${answer.text}`);
  return String(json(answer)['access_token']);
}

/** The administrators' API of the auth service. */
export class Accounts {
  readonly #mesh: AuthPlace;
  #token: Promise<string> | undefined;

  constructor(mesh: AuthPlace) {
    this.#mesh = mesh;
  }

  async create({ name, roles, grants }: NewPerson): Promise<Person> {
    const email = `${name}-${randomBytes(4).toString('hex')}@example.com`;
    const password = randomBytes(18).toString('base64url');
    const answer = await this.call('/v1/users', { method: 'POST', body: { email, password, roles, grants } });
    if (answer.status !== 201) throw new Error(`create ${name}: ${answer.status} ${answer.text}`);
    return { email, password, id: String(json(answer)['id']) };
  }

  /** What a workload may do for itself and for users; also where an earlier run has said so. */
  async grant(workload: string, settings: { readonly service: string; readonly grants: readonly object[] }) {
    const path = `/v1/workloads/${workload}/grants`;
    const answer = await this.call(path, { method: 'PUT', body: settings });
    // 428: there are grants already.
    if (answer.status !== 200 && answer.status !== 428) throw new Error(`grant: ${answer.status} ${answer.text}`);
  }

  /** @returns 200 when it is in force, 202 when it is owed */
  async revoke(body: Revoked): Promise<number> {
    const { status, text } = await this.call('/v1/revocations', { method: 'POST', body });
    if (status !== 200 && status !== 202) throw new Error(`revoke: ${status} ${text}`);
    return status;
  }

  /** As an administrator; one whose token was revoked meanwhile logs in again. */
  async call(path: string, options: Omit<Call, 'token'>): Promise<Answer> {
    const url = this.#mesh.auth.adminUrl + path;
    const answer = await call(url, { ...options, token: await this.#adminToken() });
    if (answer.status !== 401) return answer;
    this.#token = undefined;
    return call(url, { ...options, token: await this.#adminToken() });
  }

  #adminToken(): Promise<string> {
    const started = this.#token ?? this.#logIn();
    this.#token = started;
    started.catch(() => {
      this.#token = undefined;
    });
    return started;
  }

  async #logIn(): Promise<string> {
    const { adminEmail: email, adminPasswordFile } = this.#mesh.auth;
    const password = (await readFile(adminPasswordFile, 'utf8')).trim();
    return logIn(this.#mesh, { email, password }, { services: ['auth'] });
  }
}
