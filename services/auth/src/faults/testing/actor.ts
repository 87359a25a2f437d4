import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { type Answer, Browser, type Injectable } from '../../oauth/testing/browser.ts';
import type { Ended, Ledger } from './ledger.ts';

/** The service said that it cannot now: an actor begins anew. */
export class Unavailable extends Error {}

/** What an actor did not expect, of a service that may only ever say that it cannot now. */
class Unexpected extends Error {}

/** An actor was told no: what it stands on may be lost, where Redis fails over. */
export class Refused extends Unexpected {}

export interface User {
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

export interface ActorOptions {
  readonly ledger: Ledger;
  readonly publicApp: Injectable;
  readonly adminApp: Injectable;
  readonly origin: string;
  /** An administrator's, by the time that the load begins. */
  readonly admin: { readonly token: string };
  readonly user: User;
  readonly stopping: AbortSignal;
}

export interface Call extends InjectOptions {
  readonly token?: string;
  readonly form?: Readonly<Record<string, string>>;
  /** Statuses that are right beside 503. */
  readonly expected: readonly number[];
}

/** Somebody who uses the service, and is strict about its answers. */
export class Actor {
  readonly user: User;
  readonly #options: ActorOptions;

  constructor(options: ActorOptions) {
    this.user = options.user;
    this.#options = options;
  }

  browser(): Browser {
    return new Browser(this.#options.publicApp, this.#options.origin);
  }

  /** @throws Unavailable, Unexpected */
  call(call: Call): Promise<LightMyRequestResponse> {
    return send(this.#options.publicApp, call);
  }

  /** @throws Unavailable, Unexpected */
  administer(call: Call): Promise<LightMyRequestResponse> {
    return send(this.#options.adminApp, { token: this.#options.admin.token, ...call });
  }

  /** Tries a step that may be repeated until the service can, and tells whether it could not before. */
  async insist<T>(step: (again: boolean) => Promise<T>): Promise<T> {
    for (let again = false; ; again = true) {
      try {
        return await step(again);
      } catch (error) {
        if (!(error instanceof Unavailable) || this.#options.stopping.aborted) throw error;
        await pace();
      }
    }
  }

  /**
   * @param confirmed whether the answer says that this request ended it, and not only that it is over
   * @returns whether it must be refused from now on
   */
  noteEnded(ended: Ended, confirmed: boolean): boolean {
    return this.#options.ledger.noteEnded(ended, confirmed);
  }
}

async function send(app: Injectable, { token, form, expected, ...options }: Call): Promise<LightMyRequestResponse> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...options.headers,
  };
  const payload = form === undefined ? options.payload : new URLSearchParams(form).toString();
  const response = await app.inject({ ...options, headers, ...(payload !== undefined && { payload }) });
  if (response.statusCode === 503) throw new Unavailable();
  if (expected.includes(response.statusCode)) return response;
  const { method = 'GET', url } = options;
  const Failure = response.statusCode < 400 ? Unexpected : Refused;
  throw new Failure(`${method} ${String(url)}: ${response.statusCode} ${response.body.slice(0, 300)}`);
}

/** A page, or where the browser was sent to in the end. @throws Unavailable, Unexpected */
export function shown(step: string, answer: Answer, text: string): Answer {
  const error = answer.url.searchParams.get('error');
  if (answer.status === 503 || error === 'temporarily_unavailable') throw new Unavailable();
  if (answer.body.includes(text) || answer.url.href.includes(text)) return answer;
  throw new Refused(`${step}: ${answer.status} ${error ?? ''} ${answer.url.pathname} ${answer.body.slice(-300)}`);
}

const PACE_MS = 20;

/** Who is told to come back does not come back at once. */
export function pace(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PACE_MS));
}
