import type { Provider } from 'oidc-provider';
import { invalidGrant } from './context.ts';

export interface GrantReference {
  readonly grantId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly accountId?: string | undefined;
}

/**
 * What the user allowed may have been taken back since.
 * @throws invalid_grant
 */
export async function checkGrant(provider: Provider, { grantId, clientId, accountId }: GrantReference): Promise<void> {
  const grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const isTheirs = grant !== undefined && grant.clientId === clientId && grant.accountId === accountId;
  if (!isTheirs) throw invalidGrant('the grant is gone');
}
