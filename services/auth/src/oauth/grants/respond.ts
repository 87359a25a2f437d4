import type { Session } from '@sekisho/sessions';
import type { Provider, TokenEndpointGrantContext } from 'oidc-provider';
import type { GrantDependencies } from './context.ts';
import { issueInSession } from './issue-in-session.ts';
import { mintForUser, type Origin, type UserGrant } from './user-tokens.ts';

/** What a code knows of the log-in that it stands for. */
export interface LogInProof {
  readonly authTime?: number | undefined;
  readonly amr?: string[] | undefined;
  readonly nonce?: string | undefined;
}

export interface UserAnswer extends UserGrant {
  readonly proof: LogInProof;
  readonly origin: Origin;
}

/**
 * Opens the application's session and answers the token request for it (RFC 6749 section 5.1).
 * @returns the session
 */
export async function respondForUser(
  { provider, ctx }: { provider: Provider; ctx: TokenEndpointGrantContext },
  dependencies: GrantDependencies,
  answer: UserAnswer,
): Promise<Session> {
  const { account, client, scopes, origin } = answer;
  return issueInSession(dependencies, { account, clientId: client.id, origin }, async (session) => {
    const { token: accessToken, expiresIn } = await mintForUser(dependencies, answer, session);
    const idToken = scopes.has('openid')
      ? await issueIdToken({ provider, ctx }, dependencies, { answer, accessToken, session })
      : undefined;
    const refreshToken = client.grantTypes.includes('refresh_token')
      ? await beginRefresh(dependencies, answer, session)
      : undefined;
    ctx.body = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: expiresIn,
      scope: [...scopes].join(' '),
      ...(idToken !== undefined && { id_token: idToken }),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    };
  });
}

/** Kept with it is what was granted: no refresh brings more. */
function beginRefresh(
  { refreshTokens }: GrantDependencies,
  { client, scopes, asked: { services } }: UserAnswer,
  session: Session,
): Promise<string> {
  const context = { clientId: client.id, scopes: [...scopes], ...(services.length > 0 && { services: [...services] }) };
  return refreshTokens.begin(session, context);
}

interface Issued {
  readonly answer: UserAnswer;
  readonly accessToken: string;
  readonly session: Session;
}

/**
 * OpenID Connect Core section 2. `at_hash` is given the token: oidc-provider hashes it. `sid` is the session itself and
 * not oidc-provider's, which is the same again after a log-out elsewhere: who is told late would end the new one.
 */
async function issueIdToken(
  { provider, ctx }: { provider: Provider; ctx: TokenEndpointGrantContext },
  { metrics }: GrantDependencies,
  { answer: { account, scopes, proof }, accessToken, session }: Issued,
): Promise<string> {
  const token = new provider.IdToken({ sub: account.id }, { ctx });
  const claims = {
    sub: account.id,
    at_hash: accessToken,
    auth_time: proof.authTime,
    amr: proof.amr,
    nonce: proof.nonce,
    sid: session.id,
    ...(scopes.has('email') && { email: account.email }),
  };
  for (const [name, value] of Object.entries(claims)) if (value !== undefined) token.set(name, value);
  const issued = await token.issue({ use: 'idtoken' });
  metrics.tokensIssued.inc({ kind: 'id' });
  return issued;
}
