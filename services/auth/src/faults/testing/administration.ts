import { randomBytes } from 'node:crypto';
import type { Actor } from './actor.ts';

const PASSWORD = 'correct horse battery';
const GRANTS = [{ service: 'bucket', permissions: ['bucket:read'] }];

/** A user is made, logs in, and is deactivated: from the answer on nobody gets in, whatever else is away. */
export async function administrationRound(actor: Actor): Promise<void> {
  const email = `${randomBytes(8).toString('hex')}@example.org`;
  const user = { email, password: PASSWORD, grants: GRANTS };
  const made = await actor.administer({ method: 'POST', url: '/v1/users', payload: user, expected: [201] });
  const logIn = { method: 'POST', url: '/v1/sessions', payload: { email, password: PASSWORD } } as const;
  const body = (await actor.call({ ...logIn, expected: [201] })).json();
  // What was not answered may be done: the version is another one then.
  const { statusCode } = await actor.insist((again) =>
    actor.administer({
      method: 'PATCH',
      url: `/v1/users/${made.json().id}`,
      headers: { 'if-match': '"1"' },
      payload: { active: false },
      expected: again ? [200, 202, 412] : [200, 202],
    }),
  );
  const { access_token: accessToken, refresh_token: refreshToken, session } = body;
  // 202: stored, and in force when Redis is back.
  if (!actor.noteEnded({ accessToken, refreshToken, sessionId: session.id }, statusCode === 200)) return;
  await actor.call({ ...logIn, expected: [401] });
  const payload = { refresh_token: body.refresh_token };
  await actor.call({ method: 'POST', url: '/v1/sessions/refresh', payload, expected: [401] });
}
