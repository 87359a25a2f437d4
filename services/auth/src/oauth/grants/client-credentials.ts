import { errors } from 'oidc-provider';
import { ownClient } from '../clients/metadata.ts';
import { asked, type GrantFactory, notGranted, toList } from './context.ts';
import { audienceOf, grantedToClient, serviceClaims } from './granted.ts';
import { refuseTooLarge } from './user-tokens.ts';

/** Minutes matter: nobody's session can be ended to stop such a token. */
const SERVICE_TOKEN_SECONDS = 300;

/** RFC 6749 section 4.4: a client for itself. Its token has no `user` and no `session`. */
export const clientCredentials: GrantFactory = (_, dependencies) => async (ctx) => {
  const { resources, clock, mint, metrics } = dependencies;
  const client = ownClient(ctx.oidc.client);
  if (client.authMethod === 'none') throw new errors.UnauthorizedClient('a public client has no credentials');
  const scopes = typeof ctx.oidc.params['scope'] === 'string' ? ctx.oidc.params['scope'].split(' ') : [];
  const what = asked(resources, toList(ctx.oidc.params['resource']), scopes);
  const granted = grantedToClient(client, what, clock());
  if (!granted.ok) throw notGranted(granted.missing);
  if (granted.grants.length === 0) throw new errors.InvalidTarget('no service is granted to this client');
  const { token, claims } = await mint({
    subject: client.id,
    clientId: client.id,
    audience: audienceOf(granted.grants),
    services: serviceClaims(granted.grants),
    lifetimeSeconds: SERVICE_TOKEN_SECONDS,
  }).catch(refuseTooLarge);
  metrics.tokensIssued.inc({ kind: 'service' });
  ctx.body = { access_token: token, token_type: 'Bearer', expires_in: claims.exp - claims.iat };
};
