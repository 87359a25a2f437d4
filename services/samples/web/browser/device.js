/** The order matters: each names itself after others. */
const BROWSERS = [
  ['Edge', /\bEdg\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\bFirefox\//],
  ['Chrome', /\bChrom(e|ium)\/|\bHeadlessChrome\//],
  ['Safari', /\bSafari\//],
];
const SYSTEMS = [
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(iPhone|iPad)\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
];

/**
 * What a User-Agent says, as people call it: a help to tell devices apart, and no proof of anything.
 * @param {string | undefined} userAgent
 * @param {import('./messages.js').Messages} messages
 */
export function deviceName(userAgent, { unknownDevice, onSystem }) {
  const browser = nameIn(BROWSERS, userAgent);
  const system = nameIn(SYSTEMS, userAgent);
  if (browser !== undefined && system !== undefined) return onSystem(browser, system);
  return browser ?? system ?? unknownDevice;
}

/** @param {(string | RegExp)[][]} known @param {string | undefined} userAgent */
function nameIn(known, userAgent = '') {
  const found = known.find(([, pattern]) => pattern instanceof RegExp && pattern.test(userAgent));
  return found === undefined ? undefined : String(found[0]);
}
