import { setTimeout as delay } from 'node:timers/promises';
import { oneOf, type Random } from '../../chaos/random.ts';
import { logInAnswer, type Person } from '../../story/accounts.ts';
import { type Answer, outcome } from '../../story/http.ts';
import { askGuard, logOut, refresh, tokensOf } from '../api.ts';
import { SERVICE_NAMES } from '../objects.ts';
import { REGION_NAMES, type RegionName, type RegionsInfo } from '../regions-info.ts';
import type { Ledger, Login } from './ledger.ts';
import type { Ongoing } from './ongoing.ts';

export interface Stage {
  readonly info: RegionsInfo;
  readonly ledger: Ledger;
  readonly ongoing: Pick<Ongoing, 'phase' | 'mayLack'>;
  readonly signal: AbortSignal;
}

/** Live sessions of one person; the auth service ends the oldest of more than twenty of an account. */
const MOST_SESSIONS = 6;
/** Who logged out goes on trying for so many of them. */
const REMEMBERED = 10;
const PAUSE_MS = 60;
/** Of the requests; the others use services. */
const OFTEN = { logIn: 0.15, refresh: 0.12, logOut: 0.08 };

/**
 * Somebody who logs in, uses services, refreshes and logs out, wherever they are, until the signal.
 * @param accounts theirs, of which each log-in takes one: sessions of which nobody knows count to what an account may have
 */
export async function act(accounts: readonly Person[], stage: Stage, random: Random): Promise<void> {
  const actor = new Actor(accounts, stage, random);
  while (!stage.signal.aborted) {
    await actor.next();
    await delay(PAUSE_MS, undefined, { signal: stage.signal }).catch(() => undefined);
  }
}

/** With a session that lives. */
interface Sent {
  readonly login: Login;
  readonly region: RegionName;
}

class Actor {
  readonly #accounts: readonly Person[];
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #live: Login[] = [];
  readonly #over: Login[] = [];

  constructor(accounts: readonly Person[], stage: Stage, random: Random) {
    this.#accounts = accounts;
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
    const { info, ledger, ongoing } = this.#stage;
    const { phase } = ongoing;
    const person = oneOf(this.#random, this.#accounts);
    const answer = await logInAnswer(info.regions[region], person, { headers }).catch(() => undefined);
    ledger.count(`log-in: ${wordsOf(answer)}`, phase);
    if (answer?.status !== 201) return;
    const { session, ...tokens } = tokensOf(answer);
    const login = { session, region, ...tokens, isDoubtful: false, knownIn: new Set([region]) };
    this.#live.push(login);
    ledger.logins.add(login);
  }

  /** One whose answer is lost may have worked: the token before it is good for seconds only, and what then follows is no fault. */
  async #refresh(login: Login): Promise<void> {
    const region = oneOf(this.#random, REGION_NAMES);
    const send = () => refresh(this.#stage.info.regions[region], login.refresh);
    const answer = await this.#sent('refresh', { login, region }, send);
    if (answer?.status === 200) {
      const { access, refresh: next } = tokensOf(answer);
      login.access = access;
      login.refresh = next;
      login.knownIn.add(region);
    } else if (isUncertain(answer)) this.#giveUp(login);
  }

  async #logOut(login: Login): Promise<void> {
    const region = oneOf(this.#random, REGION_NAMES);
    const isStoreAway = () => this.#stage.ongoing.mayLack(`valkey-${region}`);
    const wasAway = isStoreAway();
    const send = () => logOut(this.#stage.info.regions[region], login.access);
    const answer = await this.#sent('log-out', { login, region }, send);
    if (answer?.status === 204) {
      login.ended = { region, at: Date.now(), isByGlobal: wasAway || isStoreAway() };
      this.#remove(login);
      this.#over.push(login);
      if (this.#over.length > REMEMBERED) this.#over.shift();
    } else if (isUncertain(answer)) this.#giveUp(login);
  }

  async #use(login: Login): Promise<void> {
    const { info, ledger, ongoing } = this.#stage;
    const asked = {
      login,
      region: oneOf(this.#random, REGION_NAMES),
      service: oneOf(this.#random, SERVICE_NAMES),
    };
    const [phase, sentAt] = [ongoing.phase, Date.now()];
    const answer = await askGuard(info.regions[asked.region], asked.service, login.access).catch(() => undefined);
    ledger.asked({ ...asked, sentAt, came: wordsOf(answer) }, phase);
  }

  async #sent(what: string, asked: Sent, send: () => Promise<Answer>): Promise<Answer | undefined> {
    const { ledger, ongoing } = this.#stage;
    const { phase } = ongoing;
    const answer = await send().catch(() => undefined);
    ledger.ofLive(what, { ...asked, came: wordsOf(answer) }, phase);
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
