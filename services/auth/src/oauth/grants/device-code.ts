import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { ownClient } from '../clients/metadata.ts';
import { checkGrant } from './check-grant.ts';
import { accountOfCode, asked, type GrantFactory, invalidGrant, narrowed, required, toList } from './context.ts';
import { respondForUser } from './respond.ts';
import { takeOnce } from './take-once.ts';
import type { Origin } from './user-tokens.ts';

type DeviceCode = InstanceType<Provider['DeviceCode']>;

/** RFC 8628 section 3.2: 5 seconds unless said otherwise; clocks and networks take their part. */
const POLL_SECONDS = 4;

/** RFC 8628 section 3.4. The session is the device's: it goes on when the browser that allowed it logs out. */
export const deviceCode: GrantFactory = (provider, dependencies) => async (ctx) => {
  const { artefacts, resources } = dependencies;
  const code = await findCode(provider, ctx);
  if (code.accountId === undefined) {
    const inTime = await artefacts.saveFirst('DevicePoll', code.jti, { json: '', ttl: POLL_SECONDS });
    throw inTime ? new errors.AuthorizationPending() : new errors.SlowDown();
  }
  await checkGrant(provider, code);
  const account = await accountOfCode(dependencies, code);
  const indicators = narrowed(resources, toList(code.resource), toList(ctx.oidc.params['resource']));
  const what = asked(resources, indicators, code.scopes);
  await takeOnce(dependencies, { kind: 'DeviceCode', id: code.jti, userId: account.id }, () =>
    respondForUser({ provider, ctx }, dependencies, {
      account,
      client: ownClient(ctx.oidc.client),
      scopes: code.scopes,
      asked: what,
      proof: code,
      origin: originOf(code),
    }),
  );
};

async function findCode(provider: Provider, ctx: TokenEndpointGrantContext): Promise<DeviceCode> {
  const code = await provider.DeviceCode.find(required(ctx, 'device_code'), { ignoreExpiration: true });
  if (code === undefined) throw invalidGrant('there is no such device code');
  if (code.clientId !== ctx.oidc.client.clientId) throw invalidGrant('the device code is of another client');
  if (code.isExpired) throw new errors.ExpiredToken('the device code is expired');
  if (code.error !== undefined) throw new errors.AccessDenied(code.errorDescription ?? 'the user did not allow it');
  return code;
}

/** What the device told of itself when it asked for the code. */
function originOf({ deviceInfo = {} }: DeviceCode): Origin {
  const { ip, ua } = deviceInfo;
  return { ip: typeof ip === 'string' ? ip : '', device: typeof ua === 'string' && ua !== '' ? { userAgent: ua } : {} };
}
