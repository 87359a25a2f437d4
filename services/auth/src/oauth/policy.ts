import { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { AccountStore } from '../accounts/account.ts';
import { ownClient } from './clients/metadata.ts';
import { createConsents } from './consents.ts';
import { asked, notGranted, toList } from './grants/context.ts';
import { grantedToUser } from './grants/granted.ts';
import type { IsLogInRevoked } from './log-in-age.ts';
import type { LogInSessions } from './log-in-sessions.ts';
import type { Resources } from './resources.ts';
import { available } from './unavailable.ts';

const { Check, base } = interactionPolicy;

export interface InteractionRules {
  readonly logIns: Pick<LogInSessions, 'isLive'>;
  readonly isLogInRevoked: IsLogInRevoked;
  readonly resources: Resources;
}

/**
 * When a person is asked to log in, beside what OpenID Connect says: when one of the browser's sessions was ended
 * elsewhere, or its user revoked, its cookie lets nobody in any more; and when the account is gone or inactive. And when
 * consent is asked for: also when services are asked for that were not named in an earlier one.
 */
export function interactionRules({ logIns, isLogInRevoked, resources }: InteractionRules): interactionPolicy.Prompt[] {
  const policy = base();
  policy.get('login')?.checks.add(
    new Check('session_ended', 'the log-in was ended elsewhere', 'login_required', async ({ oidc }) => {
      const { accountId, uid, loginTs } = oidc.session ?? {};
      if (accountId === undefined || uid === undefined) return Check.NO_NEED_TO_PROMPT;
      if (oidc.account === undefined) return Check.REQUEST_PROMPT;
      if (oidc.result?.login !== undefined) return Check.NO_NEED_TO_PROMPT;
      if (isLogInRevoked({ userId: accountId, clientId: oidc.client?.clientId, at: loginTs })) {
        return Check.REQUEST_PROMPT;
      }
      return (await available(logIns.isLive(accountId, uid))) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    }),
  );
  const consents = createConsents(resources);
  policy.get('consent')?.checks.add(
    new Check('services_missing', 'requested services not granted', 'consent_required', ({ oidc }) => {
      const { client, grant, params } = oidc;
      if (client === undefined || grant === undefined || ownClient(client).firstParty) return Check.NO_NEED_TO_PROMPT;
      const what = asked(resources, toList(params?.['resource']), oidc.requestParamScopes);
      return consents.covers(grant, what) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    }),
  );
  return policy;
}

export interface GrantRules {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly resources: Resources;
  readonly clock: () => Date;
}

/**
 * What was allowed before, or is without asking: our own applications need no consent.
 * @throws invalid_target for a service that the user may not use: asking for consent would promise it
 */
export function loadExistingGrant({ accounts, resources, clock }: GrantRules): Configuration['loadExistingGrant'] {
  return async (ctx) => {
    const { client, session, result, provider, account } = ctx.oidc;
    if (client === undefined || account === undefined) throw new errors.InvalidRequest('no client or no account');
    const own = ownClient(client);
    const user = await available(accounts.find(account.accountId));
    if (user === undefined) throw new errors.AccessDenied('the user is gone');
    const what = asked(resources, toList(ctx.oidc.params?.['resource']), ctx.oidc.requestParamScopes);
    const granted = grantedToUser(user, own, what, clock());
    if (!granted.ok) throw notGranted(granted.missing);
    const grantId = result?.consent?.grantId ?? session?.grantIdFor(client.clientId);
    const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    if (!own.firstParty) return existing;
    const grant = existing ?? new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    return allowAll(grant, ctx);
  };
}

type GrantModel = InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']>;

/** Grants whatever this request asks for. */
async function allowAll(grant: GrantModel, { oidc }: KoaContextWithOIDC): Promise<GrantModel> {
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
  for (const [indicator, server] of Object.entries(oidc.resourceServers ?? {}))
    grant.addResourceScope(indicator, server.scope);
  await grant.save();
  return grant;
}
