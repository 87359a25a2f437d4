import { settings } from '/web/settings.js';
import { ApiError, connect } from './api.js';
import { byId, element } from './dom.js';
import { itemsSection } from './items.js';
import { leaveToLogIn, returnFromLogIn } from './log-in.js';
import { keepLanguage, LANGUAGES, messagesIn, preferredLanguage } from './messages.js';
import { sessionsSection } from './sessions.js';

/** @typedef {{ api: import('./api.js').Api, caller: import('./api.js').Caller }} LoggedIn */
/** @typedef {'loggedOut' | 'ended' | 'logInFailed' | 'failed'} Notice */

let language = preferredLanguage();
/** @type {LoggedIn | undefined} */
let who;
/** @type {Notice | undefined} */
let told;

async function start() {
  addLanguages();
  byId('log-out').addEventListener('click', logOut);
  document.addEventListener('visibilitychange', () => void (document.visibilityState === 'visible' && refresh()));
  try {
    const token = await returnFromLogIn(settings);
    if (token !== undefined) await enter(token);
  } catch (error) {
    reportError(error);
    told = 'logInFailed';
  }
  await render();
}

/** @param {string} token */
async function enter(token) {
  const api = connect(token);
  who = { api, caller: await api.whoAmI().catch(withoutAccess) };
}

/** Whoever may do nothing at the service still has sessions. @param {unknown} error */
function withoutAccess(error) {
  if (error instanceof ApiError && error.status === 403) return { permissions: [] };
  throw error;
}

/** @param {Notice} why */
async function leave(why) {
  who = undefined;
  told = why;
  await render();
  byId('log-in').focus();
}

async function logOut() {
  if (who === undefined) return;
  const { api } = who;
  if (await attempt(() => api.endThisSession())) await leave('loggedOut');
}

/** @param {() => Promise<unknown>} work */
async function attempt(work) {
  tell(undefined);
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) await leave('ended');
    else tell('failed');
    if (!(error instanceof ApiError)) reportError(error);
    return false;
  }
}

/** @param {Notice | undefined} notice */
function tell(notice) {
  told = notice;
  byId('notice').textContent = notice === undefined ? '' : messagesIn(language)[notice];
}

async function render() {
  const messages = messagesIn(language);
  document.documentElement.lang = language;
  document.title = messages.title;
  byId('title').textContent = messages.title;
  byId('log-out').textContent = messages.logOut;
  byId('log-out').hidden = who === undefined;
  byId('who').hidden = who === undefined;
  byId('who').textContent = who?.caller.email ?? '';
  tell(told);
  const view = byId('view');
  if (who === undefined) view.replaceChildren(welcome());
  else {
    const [shown, { items, sessions }] = [who, sectionsOf(who)];
    await attempt(async () => {
      const sections = await Promise.all([items(), sessions()]);
      // Meanwhile they may have logged out.
      if (who === shown) view.replaceChildren(...sections);
    });
  }
}

/** @param {LoggedIn} loggedIn */
function sectionsOf({ api, caller }) {
  const around = { api, messages: messagesIn(language), permissions: caller.permissions, attempt };
  const page = { language, onLeft: () => void leave('loggedOut') };
  return { items: () => itemsSection(around), sessions: () => sessionsSection(around, page) };
}

/** Whoever comes back to the page sees what happened elsewhere meanwhile. */
async function refresh() {
  const shown = document.getElementById('sessions');
  if (who === undefined || shown === null) return;
  const { sessions } = sectionsOf(who);
  await attempt(async () => shown.replaceWith(await sessions()));
}

function welcome() {
  const messages = messagesIn(language);
  const logIn = element('button', { type: 'button', id: 'log-in', textContent: messages.logIn });
  logIn.addEventListener('click', () => leaveToLogIn(settings, language).catch(() => tell('logInFailed')));
  return element(
    'section',
    {},
    element('h1', { textContent: messages.welcome }),
    element('p', { textContent: messages.welcomeLead }),
    logIn,
  );
}

function addLanguages() {
  const buttons = Object.entries(LANGUAGES).map(([tag, name]) => {
    const button = element('button', { type: 'button', className: 'plain', lang: tag, textContent: name });
    button.ariaPressed = String(tag === language);
    button.addEventListener('click', () => {
      language = tag === 'ja' ? 'ja' : 'en';
      keepLanguage(language);
      for (const other of buttons) other.ariaPressed = String(other === button);
      void render();
    });
    return button;
  });
  byId('languages').append(...buttons);
}

await start();
