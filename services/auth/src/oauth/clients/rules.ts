import { AuthError } from '../../errors.ts';
import { OWN_CLIENT } from '../../login/access-grant.ts';
import type { NewClient } from './client.ts';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * What a schema cannot say: which parts of a client go together.
 * @throws AuthError `request_invalid` naming the field and the way out
 */
export function assertClient(client: NewClient): void {
  // Else its tokens and those of the platform's own log-in would be taken for one another.
  if (client.id === OWN_CLIENT) throw refusal('/id', "is the platform's own: choose another");
  for (const field of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    for (const [index, uri] of client[field].entries()) assertUri(uri, `/${field}/${index}`);
  }
  if (client.backchannelLogoutUri !== undefined) assertHttps(client.backchannelLogoutUri, '/backchannelLogoutUri');
  assertGrantTypes(client);
  assertAuthMethod(client);
  const services = new Set(client.grants.map(({ service }) => service));
  if (services.size < client.grants.length) throw refusal('/grants', 'name each service once');
}

/** RFC 9700 section 2.1 and RFC 8252 section 7.3: https, or a loopback address that only the machine itself reaches. */
function assertUri(uri: string, field: string): void {
  const url = URL.parse(uri);
  if (url === null || uri.includes('#')) throw refusal(field, 'must be an absolute URL without a fragment');
  if (url.username !== '' || url.password !== '') throw refusal(field, 'must hold no user and no password');
  if (uri.includes('*')) throw refusal(field, 'is compared exactly: name each address instead of a pattern');
  if (url.protocol !== 'https:' && !LOOPBACK.has(url.hostname)) {
    throw refusal(field, 'must be https; http is for 127.0.0.1, [::1] and localhost');
  }
}

/** The platform itself sends to it. */
function assertHttps(uri: string, field: string): void {
  assertUri(uri, field);
  if (!uri.startsWith('https:')) throw refusal(field, 'must be https');
}

function assertGrantTypes({ grantTypes, redirectUris, authMethod }: NewClient): void {
  const redirects = grantTypes.includes('authorization_code');
  if (redirects && redirectUris.length === 0) throw refusal('/redirectUris', 'authorization_code needs at least one');
  if (!redirects && redirectUris.length > 0) throw refusal('/redirectUris', 'only authorization_code uses them');
  if (authMethod === 'none' && grantTypes.includes('client_credentials')) {
    throw refusal('/grantTypes', 'client_credentials needs a client that can keep a secret or a private key');
  }
}

const KEY_FIELDS = { EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'], RSA: ['n', 'e'] } as const;

function assertAuthMethod({ authMethod, keys = [] }: NewClient): void {
  if (authMethod === 'private_key_jwt' && keys.length === 0)
    throw refusal('/keys', 'private_key_jwt needs public keys');
  if (authMethod !== 'private_key_jwt' && keys.length > 0) throw refusal('/keys', 'only private_key_jwt uses them');
  for (const [index, key] of keys.entries()) {
    const missing = KEY_FIELDS[key.kty].find((name) => key[name] === undefined);
    if (missing !== undefined) throw refusal(`/keys/${index}/${missing}`, 'is missing');
  }
}

function refusal(field: string, message: string): AuthError {
  return new AuthError('request_invalid', message, { field });
}
