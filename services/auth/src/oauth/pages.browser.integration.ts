import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { listen } from '@sekisho/telemetry';
import * as oidc from 'openid-client';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds } from '../testing/real-service.ts';
import { authorizationRequest, startWorld, type World } from './testing/world.ts';

/** Debian's. Without one these tests are skipped: what the pages say and how they are protected is tested without a browser too. */
const CHROMIUM = '/usr/bin/chromium';
const [kind] = databaseKinds('');
const PATIENCE_MS = 60_000;

describe.skipIf(!existsSync(CHROMIUM) || kind === undefined)(
  `the pages in a browser (${CHROMIUM}), without scripts`,
  () => {
    let world: World;
    let chrome: Browser;
    let origin: string;
    let config: oidc.Configuration;
    let user: Awaited<ReturnType<World['addUser']>>;

    beforeAll(async () => {
      if (kind === undefined) return;
      // The issuer has to be known before the service listens: until then the port is kept from everybody else.
      const keeper = createServer();
      const { port } = await listen(keeper, { host: '127.0.0.1', port: 0 });
      origin = `http://127.0.0.1:${port}`;
      world = await startWorld(kind, inject('redisUrl'), { issuer: origin });
      keeper.close();
      await once(keeper, 'close');
      await world.service.publicApp.listen({ host: '127.0.0.1', port });
      user = await world.addUser();
      const client = await world.addClient({ redirectUris: [`${origin}/callback`] });
      config = await oidc.discovery(new URL(origin), client.id, undefined, oidc.ClientSecretBasic(client.secret), {
        execute: [oidc.allowInsecureRequests],
      });
      chrome = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'], timeout: PATIENCE_MS });
    });
    afterAll(async () => {
      await chrome?.close();
      await world?.close();
    });

    async function open(options: Parameters<Browser['newContext']>[0] = {}) {
      const context = await chrome.newContext({ javaScriptEnabled: false, ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      const request = await authorizationRequest(config, { redirect_uri: `${origin}/callback` });
      await page.goto(request.url.href);
      return { page, complaints, ...request };
    }

    /** A page takes its focus with its first picture, which may come after its load. */
    const focused = (page: Page) =>
      expect.poll(() => page.evaluate('document.activeElement.id'), { timeout: PATIENCE_MS });

    async function typed(page: Page, password: string) {
      await focused(page).toBe('email');
      await page.keyboard.type(user.email);
      await page.keyboard.press('Tab');
      await page.keyboard.type(password);
      await page.keyboard.press('Enter');
    }

    test('a person logs in with the keyboard alone, and comes back to the application', async () => {
      const { page, complaints, checks } = await open({ locale: 'en-GB' });
      await typed(page, user.password);
      // An application on a loopback address may be any program there, so the person is asked (RFC 8252 section 8.6).
      await page.getByRole('button', { name: 'Allow', exact: true }).press('Enter');
      await page.waitForURL(`${origin}/callback?*`);
      const tokens = await oidc.authorizationCodeGrant(config, new URL(page.url()), checks);
      expect(tokens.access_token).toBeTruthy();
      expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
    });

    test('a wrong password is told to people and to screen readers, and the address stays', async () => {
      const { page } = await open({ locale: 'en-GB' });
      await typed(page, 'wrong');
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).toContain('wrong');
      expect(await page.getByLabel('E-mail address').inputValue()).toBe(user.email);
      expect(await page.getByLabel('Password').getAttribute('aria-describedby')).toBe('problem');
      await focused(page).toBe('password');
    });

    test('the language follows the browser, and can be changed', async () => {
      const { page } = await open({ locale: 'ja-JP' });
      expect(await page.getAttribute('html', 'lang')).toBe('ja');
      await page.getByRole('link', { name: 'English' }).click();
      await page.locator('html[lang=en]').waitFor();
      await typed(page, 'wrong');
      await page.getByRole('alert').waitFor();
      expect(await page.getAttribute('html', 'lang')).toBe('en');
    });

    test.each(['light', 'dark'] as const)(
      'text is readable in the %s scheme, and nothing is cut off on a phone',
      async (colorScheme) => {
        const { page } = await open({ colorScheme, viewport: { width: 320, height: 640 } });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
        for (const selector of ['h1', '.lead', 'label', 'button', 'button.quiet', 'footer a']) {
          expect(await contrast(page, selector), selector).toBeGreaterThanOrEqual(4.5);
        }
      },
    );
  },
);

/** WCAG 2.2 section 1.4.3: of the text on the nearest background that is painted. */
function contrast(page: Page, selector: string): Promise<number> {
  return page.evaluate(`(() => {
    const parse = (color) => color.match(/[\\d.]+/g).map(Number);
    let element = document.querySelector(${JSON.stringify(selector)});
    const text = parse(getComputedStyle(element).color);
    let back = [0, 0, 0, 0];
    while (element !== null && back[3] === 0) {
      const found = parse(getComputedStyle(element).backgroundColor);
      back = found.length === 3 ? [...found, 1] : found;
      element = element.parentElement;
    }
    const luminance = (rgb) => rgb.slice(0, 3)
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const [light, dark] = [luminance(text), luminance(back)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  })()`);
}
