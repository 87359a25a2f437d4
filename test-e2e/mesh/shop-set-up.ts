import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshInfo, Shopper } from './mesh-info.ts';

/** What the page names itself by default (services/samples/web). */
const CLIENT = 'shop-web';
const EMAIL = 'shopper@sekisho.local';

/** In the name of a user who called it. */
const BUCKET_MAY = {
  service: 'bucket',
  grants: [
    { service: 'user', delegated: { permissions: ['user:read'] } },
    { service: 'notification', delegated: { permissions: ['notification:write'] } },
  ],
};

const MAY = {
  bucket: ['bucket:read', 'bucket:write', 'bucket:delete'],
  file: ['file:read', 'file:write', 'file:delete'],
  notification: ['notification:read', 'notification:write', 'notification:delete'],
  user: ['user:read', 'user:write'],
};

/**
 * What an administrator tells a fresh auth service of the shop: what bucket may do for users, the page that logs people in, and one of them.
 * @param web origin of the page
 * @param folder where their password is written
 */
export async function setUpShop(auth: Administered, web: string, folder: string): Promise<Shopper> {
  const administer = await administration(auth);
  const password = randomBytes(12).toString('base64url');
  const passwordFile = join(folder, 'shopper-password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  const grants = Object.entries(MAY).map(([service, permissions]) => ({ service, permissions }));
  await administer('PUT', '/v1/workloads/shop/bucket/grants', BUCKET_MAY);
  await administer('POST', '/v1/clients', {
    ...{ id: CLIENT, name: 'Bucket list', firstParty: true, authMethod: 'none', grantTypes: ['authorization_code'] },
    redirectUris: [`${web}/`],
  });
  await administer('POST', '/v1/users', { email: EMAIL, password, roles: ['member'], grants });
  return { email: EMAIL, passwordFile };
}

type Administered = Omit<MeshInfo['auth'], 'issuer'>;

type Administer = (method: string, path: string, body: object) => Promise<void>;

async function administration({ url, adminUrl, adminEmail, adminPasswordFile }: Administered): Promise<Administer> {
  const password = (await readFile(adminPasswordFile, 'utf8')).trim();
  const logIn = { method: 'POST', body: { email: adminEmail, password, services: ['auth'] } };
  const { access_token: token } = (await answered(`${url}/v1/sessions`, logIn)) as { access_token: string };
  return async (method, path, body) => void (await answered(adminUrl + path, { method, body, token }));
}

interface Asked {
  readonly method: string;
  readonly body: object;
  readonly token?: string;
}

/** @throws Error naming the status and what the service says */
async function answered(url: string, { method, body, token }: Asked): Promise<unknown> {
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const signal = AbortSignal.timeout(30_000);
  const response = await fetch(url, { method, headers, body: JSON.stringify(body), signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${text}`);
  return JSON.parse(text);
}
