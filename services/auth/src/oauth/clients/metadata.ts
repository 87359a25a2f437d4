import type { ClientMetadata } from 'oidc-provider';
import type { ClientCredentials } from './client.ts';

/** Under which name our own record travels in oidc-provider's client. */
export const OWN_METADATA = 'sekisho';

/**
 * The client as oidc-provider knows it. It wants a secret where one is used, but never gets it: comparing is ours, and
 * no algorithm that would use a secret as a key is enabled.
 */
export function toMetadata(client: ClientCredentials, idTokenAlg: string): ClientMetadata {
  const { authMethod, grantTypes, redirectUris, keys, backchannelLogoutUri } = client;
  const usesSecret = authMethod === 'client_secret_basic' || authMethod === 'client_secret_post';
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: redirectUris.some((uri) => uri.startsWith('http:')) ? 'native' : 'web',
    token_endpoint_auth_method: authMethod,
    grant_types: grantTypes,
    response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
    response_modes: ['query'],
    redirect_uris: redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    ...(backchannelLogoutUri !== undefined && {
      backchannel_logout_uri: backchannelLogoutUri,
      backchannel_logout_session_required: true,
    }),
    ...(keys !== undefined && { jwks: { keys } }),
    ...(usesSecret && { client_secret: 'kept as a hash' }),
    id_token_signed_response_alg: idTokenAlg,
    [OWN_METADATA]: client,
  } as ClientMetadata;
}

/** Our own record of a client that oidc-provider found. */
export function ownClient(client: object): ClientCredentials {
  const own = Reflect.get(client, OWN_METADATA);
  if (own === undefined) throw new TypeError('a client that was not read from our store');
  return own;
}
