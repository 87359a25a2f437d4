import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Injectable } from '../../oauth/testing/browser.ts';

/** What an actor got done, and how often it was told to come back. */
export interface Tally {
  readonly rounds: number;
  readonly unavailable: number;
}

/** A session that was ended, or a token that was revoked: whoever did it was told so. */
export interface Ended {
  readonly accessToken: string;
  readonly sessionId?: string;
  readonly refreshToken?: string;
  /** Of the application that refreshes at the token endpoint; else the session is one of `POST /v1/sessions`. */
  readonly clientId?: string;
}

/** Every answer of a service under load, and what was wrong with any. */
export class Ledger {
  readonly defects: string[] = [];
  readonly ended: Ended[] = [];
  readonly #tallies = new Map<string, Tally>();

  tally(actor: string): Tally {
    return this.#tallies.get(actor) ?? { rounds: 0, unavailable: 0 };
  }

  count(actor: string, what: keyof Tally): void {
    const tally = this.tally(actor);
    this.#tallies.set(actor, { ...tally, [what]: tally[what] + 1 });
  }

  /** The app, with its answers looked at. Each comes from another address, so that no rate limit is what answers. */
  watching(app: Injectable): Injectable {
    return {
      inject: async (options) => {
        const response = await app.inject({ remoteAddress: anyAddress(), ...options });
        const defect = defectOf(response);
        if (defect !== undefined) this.defects.push(`${describeRequest(options)}: ${defect}`);
        return response;
      },
    };
  }
}

/** No 500, and a 503 that people, applications and OAuth clients each understand (RFC 9457, RFC 6749 section 5.2). */
function defectOf({ statusCode, headers, body }: LightMyRequestResponse): string | undefined {
  const told = `${statusCode} ${body.slice(0, 300)}`;
  if (`${headers.location} ${body}`.includes('server_error')) return told;
  if (statusCode < 500) return undefined;
  if (statusCode !== 503 || headers['retry-after'] !== '1') return told;
  const type = String(headers['content-type']);
  if (type.startsWith('text/html')) return undefined;
  const { code, error } = JSON.parse(body);
  const isProblem = type.startsWith('application/problem+json') && code === 'unavailable';
  const isOAuth = type.startsWith('application/json') && error === 'temporarily_unavailable';
  return isProblem || isOAuth ? undefined : told;
}

function describeRequest({ method = 'GET', url }: InjectOptions): string {
  return `${method} ${String(url).split('?', 1)[0]}`;
}

function anyAddress(): string {
  const part = () => Math.floor(Math.random() * 256);
  return `10.${part()}.${part()}.${part()}`;
}
