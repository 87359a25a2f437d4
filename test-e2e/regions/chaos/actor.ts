import { setTimeout as delay } from 'node:timers/promises';
import { oneOf, type Random } from '../../chaos/random.ts';
import { logInAnswer, type Person } from '../../story/accounts.ts';
import { type Answer, outcome } from '../../story/http.ts';
import { askGuard, logOut, refresh, tokensOf } from '../api.ts';
import { SERVICE_NAMES } from '../objects.ts';
import { REGION_NAMES, type RegionsInfo } from '../regions-info.ts';
import type { Ledger, Login, Phase } from './ledger.ts';

export interface Stage {
  readonly info: RegionsInfo;
  readonly ledger: Ledger;
  readonly phase: () => Phase;
  readonly signal: AbortSignal;
}

/** Live sessions of one person; the auth service ends the oldest of more than twenty. */
const MOST_SESSIONS = 6;
/** Who logged out goes on trying for so many of them. */
const REMEMBERED = 10;
const PAUSE_MS = 60;
/** Of the requests; the others use services. */
const OFTEN = { logIn: 0.15, refresh: 0.12, logOut: 0.08 };

/** Somebody who logs in, uses services, refreshes and logs out, wherever they are, until the signal. */
export async function act(person: Person, stage: Stage, random: Random): Promise<void> {
  const actor = new Actor(person, stage, random);
  while (!stage.signal.aborted) {
    await actor.next();
    await delay(PAUSE_MS, undefined, { signal: stage.signal }).catch(() => undefined);
  }
}

class Actor {
  readonly #person: Person;
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #live: Login[] = [];
  readonly #over: Login[] = [];

  constructor(person: Person, stage: Stage, random: Random) {
    this.#person = person;
    this.#stage = stage;
    this.#random = random;
  }

  async next(): Promise<void> {
    const dice = this.#random();
    const isFull = this.#live.length >= MOST_SESSIONS;
    const login = this.#live.length === 0 ? undefined : oneOf(this.#random, this.#live);
    if (login === undefined || (!isFull && dice < OFTEN.logIn)) return this.#logIn();
    if (dice < OFTEN.logIn + OFTEN.refresh) return this.#refresh(login);
    if (dice < OFTEN.logIn + OFTEN.refresh + OFTEN.logOut) return this.#logOut(login);
    return this.#use(this.#over.length > 0 && this.#random() < 0.4 ? oneOf(this.#random, this.#over) : login);
  }

  async #logIn(): Promise<void> {
    const region = oneOf(this.#random, REGION_NAMES);
    const headers = { 'x-forwarded-for': anyAddress(this.#random) };
    const answer = await this.#sent('log-in', () =>
      logInAnswer(this.#stage.info.regions[region], this.#person, { headers }),
    );
    if (answer?.status !== 201) return;
    const { session, ...tokens } = tokensOf(answer);
    const login = { session, region, ...tokens, isDoubtful: false };
    this.#live.push(login);
    this.#stage.ledger.logins.add(login);
  }

  /** One whose answer is lost may have worked: the token before it is good for seconds only, and what then follows is no fault. */
  async #refresh(login: Login): Promise<void> {
    const region = oneOf(this.#random, REGION_NAMES);
    const answer = await this.#sent('refresh', () => refresh(this.#stage.info.regions[region], login.refresh));
    if (answer?.status === 200) {
      const { access, refresh: next } = tokensOf(answer);
      login.access = access;
      login.refresh = next;
    } else if (isUncertain(answer)) this.#giveUp(login);
  }

  async #logOut(login: Login): Promise<void> {
    const region = oneOf(this.#random, REGION_NAMES);
    const answer = await this.#sent('log-out', () => logOut(this.#stage.info.regions[region], login.access));
    if (answer?.status === 204) {
      login.ended = { at: Date.now(), region };
      this.#remove(login);
      this.#over.push(login);
      if (this.#over.length > REMEMBERED) this.#over.shift();
    } else if (isUncertain(answer)) this.#giveUp(login);
  }

  async #use(login: Login): Promise<void> {
    const { info, ledger, phase } = this.#stage;
    const asked = {
      login,
      region: oneOf(this.#random, REGION_NAMES),
      service: oneOf(this.#random, SERVICE_NAMES),
    };
    const [during, sentAt] = [phase(), Date.now()];
    const answer = await askGuard(info.regions[asked.region], asked.service, login.access).catch(() => undefined);
    ledger.asked({ ...asked, sentAt, came: wordsOf(answer) }, during);
  }

  async #sent(what: string, send: () => Promise<Answer>): Promise<Answer | undefined> {
    const during = this.#stage.phase();
    const answer = await send().catch(() => undefined);
    this.#stage.ledger.count(`${what}: ${wordsOf(answer)}`, during);
    return answer;
  }

  #giveUp(login: Login): void {
    login.isDoubtful = true;
    this.#remove(login);
  }

  #remove(login: Login): void {
    this.#live.splice(this.#live.indexOf(login), 1);
  }
}

function isUncertain(answer: Answer | undefined): boolean {
  return answer === undefined || answer.status >= 500;
}

function wordsOf(answer: Answer | undefined): string {
  if (answer === undefined) return 'no answer';
  // What a service says besides its code differs with the moment.
  return outcome(answer).split(' ').slice(0, 2).join(' ');
}

/** One alone would be slowed down. */
function anyAddress(random: Random): string {
  return `198.18.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`;
}
