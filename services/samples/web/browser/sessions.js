import { deviceName } from './device.js';
import { element } from './dom.js';

/**
 * Where the user is logged in. Ending the session of this page itself is told by `onLeft`.
 * @param {import('./items.js').Around} around
 * @param {{ language: string, onLeft: () => void }} page
 */
export async function sessionsSection(around, page) {
  const { api, messages, attempt } = around;
  const sessions = await api.sessions();
  const everywhere = element('button', { type: 'button', className: 'quiet', textContent: messages.logOutEverywhere });
  everywhere.addEventListener('click', async () => {
    if (await attempt(() => api.endAllSessions())) page.onLeft();
  });
  return element(
    'section',
    { id: 'sessions' },
    element('h2', { textContent: messages.sessions }),
    element('p', { textContent: messages.sessionsLead }),
    element('ul', {}, ...sessions.map((session) => sessionRow(around, session, page))),
    everywhere,
  );
}

/**
 * @param {import('./items.js').Around} around
 * @param {import('./api.js').Session} session
 * @param {{ language: string, onLeft: () => void }} page
 */
function sessionRow({ api, messages, attempt }, session, { language, onLeft }) {
  const device = deviceName(session.device.userAgent, messages);
  const detail = messages.sessionDetail(
    session.ip ?? messages.unknownPlace,
    moment(session.createdAt, language),
    moment(session.lastAccessedAt, language),
  );
  const text = element('div', {}, element('span', { textContent: device }));
  if (session.current) text.append(element('span', { className: 'badge', textContent: messages.thisOne }));
  text.append(element('small', { textContent: detail }));
  const end = element('button', { type: 'button', className: 'quiet', textContent: messages.logOut });
  end.ariaLabel = messages.logOutOf(device);
  const row = element('li', {}, text, end);
  end.addEventListener('click', async () => {
    if (!(await attempt(() => api.endSession(session.id)))) return;
    if (session.current) onLeft();
    else row.remove();
  });
  return row;
}

/** @param {string} iso @param {string} language */
function moment(iso, language) {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}
