import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ShopPage } from '../browser/shop-page.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { Accounts, type Person } from '../story/accounts.ts';

/** Debian's. Without one these tests are skipped. */
const CHROMIUM = '/usr/bin/chromium';
const LONG = 600_000;
const GRANTS = [
  { service: 'bucket', permissions: ['bucket:read', 'bucket:write', 'bucket:delete'] },
  { service: 'notification', permissions: ['notification:write'] },
  { service: 'user', permissions: ['user:read'] },
];

describe.skipIf(!existsSync(CHROMIUM))(`the page of the shop in a browser (${CHROMIUM})`, { timeout: LONG }, () => {
  let mesh: MeshInfo;
  let chrome: Browser;
  let accounts: Accounts;
  let mia: Person;

  beforeAll(async () => {
    mesh = inject('mesh');
    accounts = new Accounts(mesh);
    mia = await accounts.create({ name: 'mia', roles: ['member'], grants: GRANTS });
    chrome = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'], timeout: 120_000 });
  });
  afterAll(() => chrome?.close());

  async function open(options: BrowserContextOptions = {}) {
    const context = await chrome.newContext({ locale: 'en-GB', ...options });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', ({ message }) => complaints.push(message));
    return { shop: new ShopPage(page, mesh.web), complaints };
  }

  test('somebody logs in by the keyboard, keeps a list, and no token is left where another page could read it', async () => {
    const { shop, complaints } = await open();
    await shop.logIn(mia);
    expect(new URL(shop.page.url()).search).toBe('');
    expect(await shop.page.locator('#who').textContent()).toBe(mia.email);
    await shop.add('see the aurora');
    const box = shop.page.getByRole('checkbox', { name: 'see the aurora' });
    await shop.until(shop.page.locator('.done'), () => box.press('Space'));
    await shop.until(shop.page.getByText('Nothing yet.'), () => shop.button('Delete see the aurora').press('Enter'));
    const kept = await shop.page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
    );
    expect(kept).not.toMatch(/ey[\w-]+\.|verifier/);
    expect(complaints.filter((text) => /Content Security Policy|Trusted ?Type/i.test(text))).toEqual([]);
  });

  test('somebody sees where they are logged in, and who logs out everywhere is out at once, in the other browser too', async () => {
    const [first, second] = [(await open()).shop, (await open()).shop];
    await first.logIn(mia);
    await second.logIn(mia);
    const current = second.sessions.filter({ hasText: 'this one' });
    expect(await current.textContent()).toMatch(/Chrome on Linux.*[\d.]{7,} · since/);
    expect(await second.sessions.count()).toBeGreaterThan(1);
    await second.until(second.page.locator('#log-in'), () => second.button('Log out everywhere').press('Enter'));
    await expect.poll(() => second.notice.textContent(), { timeout: 60_000 }).toMatch(/^You (are|were) logged out/);
    const ended = first.notice.filter({ hasText: 'You were logged out.' });
    await first.until(ended, () => first.write('too late'));
    expect(await first.items.count()).toBe(0);
    expect(await first.page.locator('#log-in').isVisible()).toBe(true);
  });

  test('what comes after its user logged out is not shown', async () => {
    const { shop } = await open();
    await shop.logIn(mia);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const items = [{ id: 'late', title: 'too late', done: false }];
    await shop.page.route('**/api/bucket-items', async (route) => {
      await released;
      await route.fulfill({ json: { items } });
    });
    const asked = shop.page.waitForRequest('**/api/bucket-items');
    await shop.button('English').press('Enter');
    await asked;
    await shop.until(shop.page.locator('#log-in'), () => shop.button('Log out').press('Enter'));
    const answered = shop.page.waitForResponse('**/api/bucket-items');
    release();
    await (await answered).finished();
    // Whatever the page makes of it, it has made before it paints and does the next task.
    await shop.page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))');
    expect(await shop.items.count()).toBe(0);
    expect(await shop.page.locator('#log-in').isVisible()).toBe(true);
  });

  test('somebody who may only look is offered no more than that', async () => {
    const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
    const { shop } = await open();
    await shop.logIn(await accounts.create({ name: 'ben', roles: ['member'], grants }));
    await shop.page.getByText('Your account may look, and change nothing.').waitFor();
    expect(await shop.page.locator('#items').getByRole('button').count()).toBe(0);
  });

  test.each(['light', 'dark'] as const)(
    'in Japanese and the %s scheme nothing is cut off on a phone',
    async (scheme) => {
      const { shop } = await open({ colorScheme: scheme, viewport: { width: 320, height: 640 } });
      await shop.logIn(mia);
      const heading = shop.page.getByRole('heading', { name: 'ログイン中の端末' });
      await shop.until(heading, () => shop.button('日本語').press('Enter'));
      expect(await shop.page.getAttribute('html', 'lang')).toBe('ja');
      expect(await shop.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    },
  );
});
