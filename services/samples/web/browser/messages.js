const en = {
  title: 'Bucket list',
  welcome: 'What do you want to see before you go?',
  welcomeLead: 'Log in to keep your list. It is yours alone.',
  logIn: 'Log in',
  logOut: 'Log out',
  items: 'My list',
  noItems: 'Nothing yet.',
  itemsForbidden: 'Your account may not see lists.',
  readOnly: 'Your account may look, and change nothing.',
  newItem: 'Something to do',
  add: 'Add',
  /** @param {string} title */
  remove: (title) => `Delete ${title}`,
  removeShort: 'Delete',
  sessions: 'Where you are logged in',
  sessionsLead: 'What you log out here is refused at once, wherever it is.',
  thisOne: 'this one',
  unknownDevice: 'A device that does not say what it is',
  /** @param {string} browser @param {string} system */
  onSystem: (browser, system) => `${browser} on ${system}`,
  /** @param {string} place @param {string} since @param {string} used */
  sessionDetail: (place, since, used) => `${place} · since ${since} · last used ${used}`,
  unknownPlace: 'address unknown',
  /** @param {string} device */
  logOutOf: (device) => `Log out ${device}`,
  logOutEverywhere: 'Log out everywhere',
  loggedOut: 'You are logged out.',
  ended: 'You were logged out. Log in again to go on.',
  logInFailed: 'Logging in did not work. Try again.',
  failed: 'That did not work. Try again in a moment.',
};

/** @typedef {typeof en} Messages */
/** @typedef {'en' | 'ja'} Language */

/** @type {Messages} */
const ja = {
  title: 'やりたいことリスト',
  welcome: '一度は見てみたいものは何ですか。',
  welcomeLead: 'ログインすると、自分だけのリストを作れます。',
  logIn: 'ログイン',
  logOut: 'ログアウト',
  items: 'マイリスト',
  noItems: 'まだ何もありません。',
  itemsForbidden: 'このアカウントではリストを表示できません。',
  readOnly: 'このアカウントでは表示のみ可能です。',
  newItem: 'やりたいこと',
  add: '追加',
  remove: (title) => `「${title}」を削除`,
  removeShort: '削除',
  sessions: 'ログイン中の端末',
  sessionsLead: 'ここでログアウトすると、どこにある端末でもすぐに使えなくなります。',
  thisOne: 'この端末',
  unknownDevice: '種類の分からない端末',
  onSystem: (browser, system) => `${system} の ${browser}`,
  sessionDetail: (place, since, used) => `${place}・${since} から・最終利用 ${used}`,
  unknownPlace: 'アドレス不明',
  logOutOf: (device) => `${device}をログアウト`,
  logOutEverywhere: 'すべての端末でログアウト',
  loggedOut: 'ログアウトしました。',
  ended: 'ログアウトされました。続けるにはもう一度ログインしてください。',
  logInFailed: 'ログインできませんでした。もう一度お試しください。',
  failed: 'うまくいきませんでした。しばらくしてからもう一度お試しください。',
};

/** What a language is called in itself. */
export const LANGUAGES = /** @type {const} */ ({ en: 'English', ja: '日本語' });

const KEPT = 'language';

/** What was chosen before, else the first of the browser's languages that there is. @returns {Language} */
export function preferredLanguage() {
  const wanted = [localStorage.getItem(KEPT) ?? '', ...navigator.languages];
  return wanted.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? 'en';
}

/** @param {Language} language */
export function keepLanguage(language) {
  localStorage.setItem(KEPT, language);
}

/** @param {Language} language @returns {Messages} */
export function messagesIn(language) {
  return language === 'ja' ? ja : en;
}

/** @param {string} tag @returns {tag is Language} */
function isLanguage(tag) {
  return Object.hasOwn(LANGUAGES, tag);
}
