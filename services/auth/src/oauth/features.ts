import { type Configuration, errors } from 'oidc-provider';
import { OIDC_SCOPES } from './grants/context.ts';
import type { ProviderPages } from './provider-pages.ts';
import type { Resources } from './resources.ts';

/**
 * On is what an application needs; off is what nobody asked for. Of revocation and introspection oidc-provider does the
 * part that is the same for all tokens, down to the client's authentication; for JWTs it then has no answer, and we do.
 */
export function features(resources: Resources, pages: ProviderPages): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    backchannelLogout: { enabled: true },
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: pages.logout,
      postLogoutSuccessSource: pages.loggedOut,
    },
    deviceFlow: {
      enabled: true,
      charset: 'base-20',
      mask: '****-****',
      deviceInfo: (ctx) => ({ ip: ctx.ip, ua: ctx.get('user-agent').slice(0, 512) }),
      userCodeInputSource: pages.deviceCode,
      userCodeConfirmSource: pages.confirmDevice,
      successSource: pages.deviceDone,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => [],
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, indicator) => {
        if (resources.serviceOf(indicator) === undefined) {
          throw new errors.InvalidTarget('the resource is not a service of this issuer');
        }
        const scopes = [...ctx.oidc.requestParamScopes].filter((scope) => !OIDC_SCOPES.has(scope));
        return { scope: scopes.join(' '), accessTokenFormat: 'opaque' };
      },
    },
  };
}
