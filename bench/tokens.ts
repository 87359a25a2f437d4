import { createPublicKey, randomUUID, sign, verify } from 'node:crypto';
import { createMinter, createVerifier, createVerifyCache, generateSigningKey, toJwks } from '@sekisho/tokens';
import { type Figure, percentile, publish } from './report.ts';

/** Minting and verifying against the bare signature, in one process; each figure is the median of interleaved rounds. */
const ROUNDS = 15;
const CALLS = 2_000;
/** Until everything is compiled. */
const WARM_UP_ROUNDS = 5;

const issuer = 'https://auth.example.org';
const key = await generateSigningKey();
const jwks = toJwks([key]);
const clock = () => new Date();
const minter = createMinter({ issuer, key: () => key, clock, uuid: randomUUID });
const verifyToken = createVerifier({ issuer, audience: 'bucket', jwks: () => jwks, clock });
const cachedVerify = createVerifyCache({ verify: verifyToken, jwks: () => jwks, clock });

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

const calls = {
  'raw sign': () => sign('sha256', input, key.privateKey),
  'narrow token': () => minter.narrow(access.claims, 'bucket'),
  'delegated token': () => minter.delegated(narrow.claims, delegation),
  'raw verify': () => verify('sha256', input, publicKey, signature),
  verification: () => verifyToken(narrow.token),
  'verification from the cache': () => cachedVerify(narrow.token),
} as const satisfies Record<string, () => unknown>;
type Name = keyof typeof calls;

/** Per second of this process' CPU, so that what else the machine does counts little. */
async function rate(call: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let count = 0; count < CALLS; count += 1) await call();
  const { user, system } = process.cpuUsage(before);
  return (CALLS * 1e6) / (user + system);
}

const rounds: Record<Name, number>[] = [];
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
  const rates = {} as Record<Name, number>;
  for (const [name, call] of Object.entries(calls)) rates[name as Name] = await rate(call);
  if (round >= WARM_UP_ROUNDS) rounds.push(rates);
}

const median = (of: (rates: Record<Name, number>) => number) => percentile(rounds.map(of), 0.5);
const perSecond = (name: Name): Figure => ({
  name: `${name}, per CPU-second`,
  value: Math.round(median((rates) => rates[name])),
  unit: '/s',
});
const ratio = (name: Name, against: Name): Figure => ({
  name,
  value: median((rates) => rates[name] / rates[against]),
  unit: 'times it',
  against,
});

const holds = publish('tokens', [
  ...Object.keys(calls).map((name) => perSecond(name as Name)),
  { ...ratio('narrow token', 'raw sign'), target: { relation: '>=', value: 0.6 } },
  ratio('delegated token', 'raw sign'),
  ratio('verification', 'raw verify'),
  ratio('verification from the cache', 'verification'),
]);
process.exitCode = holds ? 0 : 1;
