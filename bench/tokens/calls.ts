import { createPublicKey, randomUUID, sign, verify } from 'node:crypto';
import { createMinter, createVerifier, createVerifyCache, generateSigningKey, toJwks } from '@sekisho/tokens';
import { ownCpuSeconds } from '../cpu.ts';

/** What is done with tokens of ordinary content, and the bare signature over as many bytes. */
export async function tokenCalls() {
  const issuer = 'https://auth.example.org';
  const key = await generateSigningKey();
  const jwks = toJwks([key]);
  const clock = () => new Date();
  const minter = createMinter({ issuer, key: () => key, clock, uuid: randomUUID });
  const verifyToken = createVerifier({ issuer, audience: 'bucket', jwks: () => jwks, clock });
  const cache = createVerifyCache({ verify: verifyToken, jwks: () => jwks, clock });

  const access = await minter.access({
    subject: randomUUID(),
    clientId: 'web',
    audience: ['bucket', 'user'],
    user: { id: randomUUID(), email: 'alice@example.org', roles: ['member', 'admin'], permissions: ['profile:read'] },
    services: { bucket: { permissions: ['bucket:read', 'bucket:write'] }, user: { permissions: ['user:read'] } },
    session: { id: randomUUID(), device: 'd'.repeat(43), ip: '192.0.2.1' },
    lifetimeSeconds: 900,
  });
  const narrow = await minter.narrow(access.claims, 'bucket');
  const input = Buffer.from(narrow.token.slice(0, narrow.token.lastIndexOf('.')));
  const signature = sign('sha256', input, key.privateKey);
  const publicKey = createPublicKey(key.privateKey);
  const delegation = {
    actor: 'system:serviceaccount:shop:bucket',
    service: 'user',
    grant: { permissions: ['user:read'] },
  };

  return {
    'raw sign': () => sign('sha256', input, key.privateKey),
    'narrow token': () => minter.narrow(access.claims, 'bucket'),
    'delegated token': () => minter.delegated(narrow.claims, delegation),
    'raw verify': () => verify('sha256', input, publicKey, signature),
    verification: () => verifyToken(narrow.token),
    'verification from the cache': () => cache.known(narrow.token) ?? cache.verify(narrow.token),
  } as const satisfies Record<string, () => unknown>;
}

/** Calls a second of this process' CPU, so that what else the machine does counts little. */
export async function rate(call: () => unknown, calls = 2_000): Promise<number> {
  const before = ownCpuSeconds();
  for (let count = 0; count < calls; count += 1) await call();
  return calls / (ownCpuSeconds() - before);
}
