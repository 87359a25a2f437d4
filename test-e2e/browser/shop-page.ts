import type { Locator, Page } from 'playwright-core';
import { waitFor } from '../mesh/wait.ts';
import type { Person } from '../story/accounts.ts';

/** A step of a log-in on a busy machine, where the guard may be too late for Envoy and a page has to be asked for again. */
const STEP_MS = 20_000;
const LOG_IN_MS = 180_000;

/** The page of the shop as a person uses it: by what they see, in English. */
export class ShopPage {
  readonly page: Page;
  readonly #address: string;

  constructor(page: Page, address: string) {
    this.page = page;
    this.#address = address;
  }

  get items(): Locator {
    return this.page.locator('#items li');
  }

  get sessions(): Locator {
    return this.page.locator('#sessions li');
  }

  get notice(): Locator {
    return this.page.getByRole('status');
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Whatever page of the log-in is there, does what it asks for, until the list and the sessions are there. */
  async logIn(person: Pick<Person, 'email' | 'password'>): Promise<void> {
    const [email, allow, start] = [this.page.locator('#email'), this.button('Allow'), this.page.locator('#log-in')];
    const inside = this.page.locator('#items + #sessions');
    const known = inside.or(email).or(allow).or(start).first();
    const step = async (): Promise<boolean> => {
      if (await inside.isVisible()) return true;
      if (await email.isVisible()) await this.#typePassword(person);
      else if (await allow.isVisible()) await allow.press('Enter');
      else if (await start.isVisible()) await start.press('Enter');
      else await this.page.goto(this.#address);
      await known.waitFor({ timeout: STEP_MS });
      return false;
    };
    await waitFor(`${person.email} is logged in`, step, { timeout: LOG_IN_MS, every: 200 });
  }

  async #typePassword({ email, password }: Pick<Person, 'email' | 'password'>): Promise<void> {
    await this.page.locator('#email').fill(email);
    await this.page.locator('#password').fill(password);
    await this.page.locator('#password').press('Enter');
  }

  /** Adds an item by the keyboard. */
  async add(title: string): Promise<void> {
    await this.until(this.items.filter({ hasText: title }), () => this.write(title));
  }

  /** Types an item and sends it off. */
  async write(title: string): Promise<void> {
    const input = this.page.getByLabel('Something to do');
    await input.fill(title, { timeout: STEP_MS });
    await input.press('Enter', { timeout: STEP_MS });
  }

  /** Does it until it shows: once more where the page said that it did not work, as a person does who is told to try again. */
  async until(outcome: Locator, action: () => Promise<void>): Promise<void> {
    const step = async (): Promise<boolean> => {
      if (await outcome.isVisible()) return true;
      await action();
      await outcome
        .or(this.notice.filter({ hasText: /./ }))
        .first()
        .waitFor({ timeout: STEP_MS });
      return outcome.isVisible();
    };
    await waitFor('what was done shows', step, { timeout: LOG_IN_MS, every: 500 });
  }
}
