import type { Actor } from './actor.ts';
import { end, logIn } from './own-sessions.ts';

export interface Confidential {
  readonly id: string;
  readonly secret: string;
}

export interface Workload {
  readonly name: string;
  token(): Promise<string>;
}

const TYPE = 'urn:ietf:params:oauth:token-type:';

/** A client for itself: a token, what it says, and its end. */
export async function clientRound(actor: Actor, { id, secret }: Confidential): Promise<void> {
  const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
  const post = async (url: string, form: Readonly<Record<string, string>>) =>
    actor.call({ method: 'POST', url, form, headers, expected: [200] });
  const { access_token: token } = (await post('/oauth/token', { grant_type: 'client_credentials' })).json();
  await post('/oauth/introspect', { token });
  await actor.insist(() => post('/oauth/revoke', { token }));
  actor.noteEnded({ accessToken: token }, true);
}

/** A workload for itself and for a user, until the user's session ends. */
export async function exchangeRound(actor: Actor, workload: Workload): Promise<void> {
  const proof = await workload.token();
  const exchange = (form: Readonly<Record<string, string>>, expected: readonly number[]) =>
    actor.call({
      method: 'POST',
      url: '/oauth/token',
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        client_id: workload.name,
        audience: 'user',
        ...form,
      },
      expected,
    });
  await exchange({ subject_token: proof, subject_token_type: `${TYPE}jwt` }, [200]);
  const session = await logIn(actor);
  const forUser = {
    subject_token: session.accessToken,
    subject_token_type: `${TYPE}access_token`,
    actor_token: proof,
    actor_token_type: `${TYPE}jwt`,
  };
  const { access_token: delegated } = (await exchange(forUser, [200])).json();
  const confirmed = await end(actor, session, 'current');
  const { sessionId } = session;
  actor.noteEnded({ accessToken: delegated, sessionId }, confirmed);
  if (!actor.noteEnded(session, confirmed)) return;
  await exchange(forUser, [400]);
}
