import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BROWSER_COOKIE } from '@sekisho/tokens';
import { type Browser, type Cookie, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Echo, openEcho } from '../echo/echo.ts';
import { OTHER, openSecureEdge, type SecureEdge, SHOP } from '../https/secure-edge.ts';
import { Cluster } from '../mesh/cluster.ts';
import { readMesh } from '../mesh/mesh-info.ts';
import { LOCAL } from '../mesh/paths.ts';
import { waitFor } from '../mesh/wait.ts';
import { Accounts, type Person } from '../story/accounts.ts';

/** Debian's. Without one these tests are skipped. */
const CHROMIUM = '/usr/bin/chromium';
const LONG = 600_000;
const STEP_MS = 20_000;
const WHO_AM_I = '/api/whoami';

describe.skipIf(!existsSync(CHROMIUM))(`a browser with a cookie, by HTTPS (${CHROMIUM})`, { timeout: LONG }, () => {
  const mesh = readMesh();
  const cluster = new Cluster(mesh.kubeconfig);
  let echo: Echo;
  let edge: SecureEdge;
  let chrome: Browser;
  let person: Person;

  beforeAll(async () => {
    echo = await openEcho(mesh, cluster);
    edge = await openSecureEdge(mesh, cluster);
    const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
    person = await new Accounts(mesh).create({ name: 'kei', roles: ['member'], grants });
    const args = ['--no-sandbox', '--host-resolver-rules=MAP *.test 127.0.0.1', '--ignore-certificate-errors'];
    chrome = await chromium.launch({ executablePath: CHROMIUM, args, timeout: 120_000 });
  }, LONG);
  afterAll(async () => {
    await chrome?.close();
    await edge?.[Symbol.asyncDispose]();
    await echo?.[Symbol.asyncDispose]();
    await cluster.close();
  });

  const origin = (host: string): string => `https://${host}:${edge.server.port}`;

  /** Once more where the guard was too late for Envoy, as a person does who sees an error. */
  async function opens(page: Page, url: string, wanted: RegExp): Promise<void> {
    const isOpen = async (): Promise<boolean> => {
      const answer = await page.goto(url, { timeout: STEP_MS });
      return answer?.status() !== 503 && wanted.test(page.url());
    };
    await waitFor(`${url} leads to ${wanted}`, isOpen, { timeout: LONG / 3 });
  }

  /** As a person does: whatever page is there, until the one that they came for shows who they are. */
  async function logIn(page: Page): Promise<void> {
    const wanted = origin(SHOP) + WHO_AM_I;
    const step = async (): Promise<boolean> => {
      await page.goto(wanted, { timeout: STEP_MS });
      if (page.url() !== wanted) {
        await page.locator('#email').fill(person.email, { timeout: STEP_MS });
        await page.locator('#password').fill(person.password);
        await page.locator('#password').press('Enter');
        await page.waitForURL(wanted, { timeout: STEP_MS });
      }
      return (await page.locator('body').innerText()).includes(person.id);
    };
    await waitFor('the log-in page leads on', step, { timeout: LONG / 3 });
  }

  /** Asks by a script of the page that is open. @returns the status, and the code of a problem */
  function call(page: Page, method: string, path: string): Promise<string> {
    return waitFor(
      `${path} is decided`,
      async () => {
        const said = await page.evaluate(
          async ([verb, to]) => {
            const answer = await fetch(String(to), { method: String(verb), redirect: 'manual' });
            const text = await answer.text();
            const code = text.startsWith('{') ? JSON.parse(text).code : undefined;
            return [answer.type === 'opaqueredirect' ? 'redirect' : answer.status, code].join(' ').trim();
          },
          [method, path],
        );
        return said === '503' ? undefined : said;
      },
      { timeout: LONG / 3 },
    );
  }

  test('is led to log in, is known by a cookie that no other host gets, and is nobody once logged out', async () => {
    const context = await chrome.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true });
    context.setDefaultTimeout(LONG / 3);
    const page = await context.newPage();
    await opens(page, origin(SHOP) + WHO_AM_I, /\/login\?to=%2Fapi%2Fwhoami$/);
    await page.screenshot({ path: join(LOCAL, 'cookie-log-in.png') });

    await logIn(page);
    expect(JSON.parse(await page.locator('body').innerText())).toMatchObject({ caller: { id: person.id } });
    await page.screenshot({ path: join(LOCAL, 'cookie-logged-in.png') });
    const cookies = await context.cookies(origin(SHOP));
    expect(cookies.filter(({ name }) => name === BROWSER_COOKIE)).toMatchObject([
      { domain: SHOP, path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } satisfies Partial<Cookie>,
    ]);
    expect(await page.evaluate('document.cookie')).not.toContain(BROWSER_COOKIE);
    expect(await context.cookies(origin(OTHER))).toEqual([]);
    expect(await call(page, 'GET', '/api/bucket-items')).toBe('200');

    expect(await call(page, 'POST', '/logout?to=%2F')).toBe('redirect');
    await waitFor('nobody', async () => (await call(page, 'GET', '/api/bucket-items')) === '401 token_missing', {
      timeout: LONG / 3,
    });
    expect((await context.cookies(origin(SHOP))).map(({ name }) => name)).not.toContain(BROWSER_COOKIE);
    await context.close();
  });

  test('cannot be used by a page of another host', async () => {
    const context = await chrome.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true });
    context.setDefaultTimeout(LONG / 3);
    const page = await context.newPage();
    await logIn(page);
    const other = await context.newPage();
    await opens(other, `${origin(OTHER)}/echo/public`, /\/echo\/public$/);
    const [answer] = await Promise.all([
      other.waitForResponse((response) => response.url().startsWith(`${origin(SHOP)}/api/bucket-items`)),
      other.evaluate(
        `document.body.append(Object.assign(document.createElement('form'), { id: 'f', method: 'post', action: '${origin(SHOP)}/api/bucket-items' })); f.submit()`,
      ),
    ]);
    expect(answer.status()).toBe(401);
    expect(await call(page, 'GET', '/api/bucket-items')).toBe('200');
    await context.close();
  });
});
