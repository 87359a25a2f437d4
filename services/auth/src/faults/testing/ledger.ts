import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Injectable } from '../../oauth/testing/browser.ts';

/** What a part got done, and how many of its requests were answered with "come back". */
export interface Tally {
  readonly rounds: number;
  /** Rounds that were refused half way, where Redis may lose what they stand on. */
  readonly lost: number;
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

interface Unanswered {
  readonly part: string;
  readonly request: string;
  /** Milliseconds, as `performance.now` tells them. */
  readonly since: number;
}

/** Every answer of a service under load, and what was wrong with any. */
export class Ledger {
  readonly defects: string[] = [];
  readonly ended: Ended[] = [];
  /** Whether Redis fails over: it may lose what is on no replica, but no revocation that was confirmed. */
  readonly mayLose: boolean;
  readonly #tallies = new Map<string, Tally>();
  readonly #unanswered = new Set<Unanswered>();

  constructor({ mayLose }: { readonly mayLose: boolean }) {
    this.mayLose = mayLose;
  }

  tally(part: string): Tally {
    return this.#tallies.get(part) ?? { rounds: 0, lost: 0, unavailable: 0 };
  }

  count(part: string, what: keyof Tally): void {
    const tally = this.tally(part);
    this.#tallies.set(part, { ...tally, [what]: tally[what] + 1 });
  }

  /** @returns whether it must be refused from now on: what is over unconfirmed may be lost, and come back */
  noteEnded(ended: Ended, confirmed: boolean): boolean {
    const binding = confirmed || !this.mayLose;
    if (binding) this.ended.push(ended);
    return binding;
  }

  /** How far a part is, and what it waits for. */
  describe(part: string): string {
    const { rounds, lost, unavailable } = this.tally(part);
    const own = [...this.#unanswered].filter((one) => one.part === part);
    const waits = own.map(({ request, since }) => `${request} for ${Math.round(performance.now() - since)} ms`);
    return `${part} (${rounds} rounds, ${lost} lost, ${unavailable} times unavailable, unanswered: ${waits.join(', ') || 'nothing'})`;
  }

  /**
   * The app as a part sees it. What is counted is what was answered, whatever the part makes of it. Each request comes
   * from another address, so that no rate limit is what answers.
   */
  watching(part: string, app: Injectable): Injectable {
    return {
      inject: async (options) => {
        const unanswered = { part, request: describeRequest(options), since: performance.now() };
        this.#unanswered.add(unanswered);
        try {
          const response = await app.inject({ remoteAddress: anyAddress(), ...options });
          this.#note(unanswered, response);
          return response;
        } finally {
          this.#unanswered.delete(unanswered);
        }
      },
    };
  }

  #note({ part, request }: Unanswered, response: LightMyRequestResponse): void {
    if (saysUnavailable(response)) this.count(part, 'unavailable');
    const defect = defectOf(response);
    if (defect !== undefined) this.defects.push(`${request}: ${defect}`);
  }
}

/** By its status, or to the application that sent the browser (RFC 6749 section 4.1.2.1). */
function saysUnavailable({ statusCode, headers }: LightMyRequestResponse): boolean {
  return statusCode === 503 || String(headers.location).includes('error=temporarily_unavailable');
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
