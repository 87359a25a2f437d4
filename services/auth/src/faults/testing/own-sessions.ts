import { type Actor, Unavailable } from './actor.ts';

interface OwnSession {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
}

/** How a user ends a session. */
export const OWN_ENDINGS = ['current', 'by id', 'all'] as const;
export type Ending = (typeof OWN_ENDINGS)[number] | 'by an administrator';

/** The API of this service: log in, look, refresh, end, and try what is over. */
export async function ownSessionRound(actor: Actor, ending: Ending): Promise<void> {
  const opened = await logIn(actor);
  await actor.call({ url: '/v1/sessions', token: opened.accessToken, expected: [200] });
  const first = await refresh(actor, opened);
  if (first === undefined) return;
  // Somebody refreshes while the session ends: what that brings is refused with the session.
  const [confirmed, late] = await Promise.all([end(actor, first, ending), refreshMeanwhile(actor, first)]);
  const last = late ?? first;
  if (actor.noteEnded(last, confirmed)) await expectOver(actor, last);
}

export async function logIn(actor: Actor, services: readonly string[] = ['bucket']): Promise<OwnSession> {
  const { email, password } = actor.user;
  const payload = { email, password, services };
  const body = (await actor.call({ method: 'POST', url: '/v1/sessions', payload, expected: [201] })).json();
  return { accessToken: body.access_token, refreshToken: body.refresh_token, sessionId: body.session.id };
}

/** Nobody knows how far a refresh came that was not answered: used again too late, its token ends the session. */
async function refresh(actor: Actor, session: OwnSession): Promise<OwnSession | undefined> {
  return actor.insist((again) => tryRefresh(actor, session, again ? [200, 401] : [200]));
}

async function refreshMeanwhile(actor: Actor, session: OwnSession): Promise<OwnSession | undefined> {
  try {
    return await tryRefresh(actor, session, [200, 401]);
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}

async function tryRefresh(actor: Actor, { refreshToken, sessionId }: OwnSession, expected: readonly number[]) {
  const payload = { refresh_token: refreshToken };
  const response = await actor.call({ method: 'POST', url: '/v1/sessions/refresh', payload, expected });
  if (response.statusCode !== 200) return undefined;
  const body = response.json();
  return { accessToken: body.access_token, refreshToken: body.refresh_token, sessionId };
}

/**
 * Resolves once the service said that it is over.
 * @returns whether it said that it ended it then
 */
export async function end(actor: Actor, session: OwnSession, ending: Ending): Promise<boolean> {
  if (ending === 'by an administrator') return revoke(actor, session);
  const { accessToken, sessionId } = session;
  const url = { current: '/v1/sessions/current', 'by id': `/v1/sessions/${sessionId}`, all: '/v1/sessions' }[ending];
  // What was not answered may be done: the session that asks is over then.
  const { statusCode } = await actor.insist((again) =>
    actor.call({ method: 'DELETE', url, token: accessToken, expected: again ? [204, 401] : [204] }),
  );
  return statusCode === 204;
}

function revoke(actor: Actor, { sessionId: session }: OwnSession): Promise<boolean> {
  return actor.insist(async () => {
    const call = { method: 'POST', url: '/v1/revocations', payload: { session }, expected: [200, 202] } as const;
    const { statusCode } = await actor.administer(call);
    // Stored, and in force when Redis is back.
    if (statusCode === 202) throw new Unavailable();
    return true;
  });
}

async function expectOver(actor: Actor, { accessToken, refreshToken }: OwnSession): Promise<void> {
  const payload = { refresh_token: refreshToken };
  await actor.call({ method: 'POST', url: '/v1/sessions/refresh', payload, expected: [401] });
  await actor.call({ url: '/v1/sessions', token: accessToken, expected: [401] });
}
