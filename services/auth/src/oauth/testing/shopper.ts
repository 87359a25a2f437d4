import * as oidc from 'openid-client';
import { authorizationRequest, logIn, type World } from './world.ts';

export type Shopper = Awaited<ReturnType<typeof newShopper>>;

/** Somebody new who logged in to an application by their browser, and what it got. */
export async function newShopper(world: World, application: oidc.Configuration) {
  const user = await world.addUser();
  const browser = world.browser();
  const { url, checks } = await authorizationRequest(application);
  const back = await logIn(browser, await browser.get(url), user);
  const redeem = () => oidc.authorizationCodeGrant(application, back.url, checks);
  const tokens = await redeem();
  const { refresh_token: refreshToken = '', access_token: accessToken, id_token: idToken = '' } = tokens;
  return { user, browser, accessToken, refreshToken, idToken, sid: String(tokens.claims()?.['sid']), replay: redeem };
}
