import { logInAnswer, type Person } from '../../story/accounts.ts';
import { type Answer, outcome } from '../../story/http.ts';
import { askGuard, logOut, refresh, type Tokens, tokensOf } from '../api.ts';
import type { ServiceName } from '../objects.ts';
import type { RegionName, RegionsInfo } from '../regions-info.ts';

/** Somebody who moves between regions with one session. What is asked is answered as `outcome` puts it. */
export class Traveller {
  readonly #info: RegionsInfo;
  readonly #person: Person;
  #tokens: Tokens | undefined;

  constructor(info: RegionsInfo, person: Person) {
    this.#info = info;
    this.#person = person;
  }

  /** @throws Error before the first log-in */
  get tokens(): Tokens {
    if (this.#tokens === undefined) throw new Error('is not logged in');
    return this.#tokens;
  }

  async logIn(region: RegionName): Promise<string> {
    return this.#take(await logInAnswer(this.#info.regions[region], this.#person));
  }

  async ask(region: RegionName, service: ServiceName = 'orders'): Promise<string> {
    return outcome(await askGuard(this.#info.regions[region], service, this.tokens.access));
  }

  async refresh(region: RegionName): Promise<string> {
    return this.#take(await refresh(this.#info.regions[region], this.tokens.refresh));
  }

  async logOut(region: RegionName): Promise<string> {
    return outcome(await logOut(this.#info.regions[region], this.tokens.access));
  }

  #take(answer: Answer): string {
    if (answer.status < 300) this.#tokens = tokensOf(answer);
    return outcome(answer);
  }
}
