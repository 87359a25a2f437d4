import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { BROWSER_COOKIE } from '@sekisho/tokens';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startWorld, type World } from '../oauth/testing/world.ts';
import { databaseKinds } from '../testing/real-service.ts';

/** Debian's. Without one these tests are skipped: what the pages say and how they are protected is tested without a browser too. */
const CHROMIUM = '/usr/bin/chromium';
const [kind] = databaseKinds('');
const PATIENCE_MS = 60_000;
/** A page of a service on the same host, as it would come through the Gateway. */
const ITEMS = '<h1>Items</h1><form method="post" action="/logout?to=/login"><button>Log out</button></form>';

describe.skipIf(!existsSync(CHROMIUM) || kind === undefined)(
  `logging in with a cookie in a browser (${CHROMIUM}), without scripts`,
  () => {
    let world: World;
    let chrome: Browser;
    /** By address and by name: to a browser two sites, and both it takes `Secure` cookies from. */
    let [origin, otherSite] = ['', ''];
    let user: Awaited<ReturnType<World['addUser']>>;

    beforeAll(async () => {
      if (kind === undefined) return;
      world = await startWorld(kind, inject('redisUrl'));
      await world.service.publicApp.listen({ host: '127.0.0.1', port: 0 });
      const { port } = world.service.publicApp.server.address() as AddressInfo;
      [origin, otherSite] = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
      user = await world.addUser();
      chrome = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'], timeout: PATIENCE_MS });
    });
    afterAll(async () => {
      await chrome?.close();
      await world?.close();
    });

    async function open() {
      const context = await chrome.newContext({ javaScriptEnabled: false, locale: 'en-GB' });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      await page.route(`${origin}/items?*`, (route) => route.fulfill({ contentType: 'text/html', body: ITEMS }));
      await page.goto(`${origin}/login?to=%2Fitems%3Fpage%3D2`);
      return { context, page };
    }

    async function logIn(page: Page): Promise<void> {
      await page.getByLabel('E-mail address').fill(user.email);
      await page.getByLabel('Password').fill(user.password);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.waitForURL(`${origin}/items?page=2`);
    }

    const sessionOf = async (context: BrowserContext) =>
      (await context.cookies(origin)).find(({ name }) => name === BROWSER_COOKIE);

    test('a person logs in, comes back to the page, and logs out', async () => {
      const { context, page } = await open();
      await logIn(page);
      expect(await sessionOf(context)).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' });
      // Only what is opened anew is answered by the test: what a redirect leads to, the service answers.
      await page.goto(`${origin}/items?page=2`);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.waitForURL(`${origin}/login`);
      expect(await sessionOf(context)).toBeUndefined();
    });

    test('a page of another site logs nobody out', async () => {
      const { context, page } = await open();
      await logIn(page);
      const form = `<form method="post" action="${origin}/logout"><button>Win a prize</button></form>`;
      await page.route(`${otherSite}/prize`, (route) => route.fulfill({ contentType: 'text/html', body: form }));
      await page.goto(`${otherSite}/prize`);
      await page.getByRole('button', { name: 'Win a prize' }).click();
      await page.getByText('only a page of this host may log its user out').waitFor();
      expect(await sessionOf(context)).toBeDefined();
    });
  },
);
