import { type AuthPlace, Accounts as StoryAccounts } from '../story/accounts.ts';
import { type Answer, call, json } from '../story/http.ts';
import { hostOf, type ServiceName } from './objects.ts';
import type { RegionPlace } from './regions-info.ts';

/** What a log-in or a refresh brings. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly session: string;
}

/** @throws Error unless it is an answer that brings tokens */
export function tokensOf(answer: Answer): Tokens {
  const { access_token: access, refresh_token: refresh, session } = json(answer);
  const { id } = (session ?? {}) as { readonly id?: unknown };
  if (typeof access === 'string' && typeof refresh === 'string' && typeof id === 'string') {
    return { access, refresh, session: id };
  }
  throw new Error(`no tokens came: ${answer.status}`);
}

/** The guard of a region about a request, as Envoy asks it. */
export function askGuard({ guard }: RegionPlace, service: ServiceName, token: string): Promise<Answer> {
  const headers = { host: hostOf(service), 'x-forwarded-proto': 'http', 'user-agent': 'traveller' };
  return call(`${guard}/edge/api/${service}`, { token, headers });
}

export function refresh({ auth }: AuthPlace, refreshToken: string): Promise<Answer> {
  return call(`${auth.url}/v1/sessions/refresh`, { method: 'POST', body: { refresh_token: refreshToken } });
}

export function logOut({ auth }: AuthPlace, token: string): Promise<Answer> {
  return call(`${auth.url}/v1/sessions/current`, { method: 'DELETE', token });
}

/** A region as its own administration tells of it. */
export interface RegionReport {
  readonly regions: readonly { readonly name: string; readonly state: string; readonly behindSeconds?: number }[];
  readonly sync: { readonly waiting: number; readonly lagSeconds: number };
}

/** Administrators of one region. */
export class Administration extends StoryAccounts {
  async regions(): Promise<RegionReport> {
    const answer = await this.call('/v1/regions', {});
    if (answer.status !== 200) throw new Error(`regions: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as RegionReport;
  }

  /** Gives a region up, or takes it back. @returns true */
  async markRegion(name: string, state: 'lost' | 'present'): Promise<true> {
    const answer = await this.call(`/v1/regions/${name}`, { method: 'PUT', body: { state } });
    if (answer.status < 300) return true;
    throw new Error(`mark ${name}: ${answer.status} ${answer.text}`);
  }

  /** Names of the keys that are in a state, by the region that they begin with. */
  async keys(region: string, state: 'next' | 'active'): Promise<readonly string[]> {
    const answer = await this.call('/v1/keys?signer=auth', {});
    if (answer.status !== 200) throw new Error(`keys: ${answer.status} ${answer.text}`);
    const { keys } = JSON.parse(answer.text) as { keys: readonly { readonly kid: string; readonly state: string }[] };
    return keys.filter((key) => key.state === state && key.kid.startsWith(`${region}.`)).map(({ kid }) => kid);
  }

  /** @param compromised a key that is reported as lost. @default none: the next one signs in time */
  async rotate(compromised?: string): Promise<void> {
    const body = compromised === undefined ? {} : { compromised };
    const answer = await this.call('/v1/keys/rotate', { method: 'POST', body });
    if (answer.status !== 202) throw new Error(`rotate: ${answer.status} ${answer.text}`);
  }
}
