import { call, logIn, outcome } from '@sekisho/test-e2e/story';
import { type Figure, percentile } from '../report.ts';
import type { MeshWorld } from './mesh-world.ts';

const COUNT = 40;
const LONG_MS = 30_000;

/** From the answer of a revocation at the auth service until the gateway, asked again and again, denies. */
export async function denialFigures(world: MeshWorld): Promise<readonly Figure[]> {
  const took: number[] = [];
  while (took.length < COUNT) took.push(await timed(world));
  const name = 'revocation, from its answer to the denial at the gateway';
  return [
    { name: `${name}, p50`, value: percentile(took, 0.5), unit: 'ms' },
    { name: `${name}, p99`, value: percentile(took, 0.99), unit: 'ms', target: { relation: '<=', value: 150 } },
    { name: `${name}, longest of ${COUNT}`, value: Math.max(...took), unit: 'ms' },
  ];
}

async function timed({ mesh, accounts, person, items }: MeshWorld): Promise<number> {
  const token = await logIn(mesh, person);
  const before = outcome(await call(items, { token }));
  if (before !== '200') throw new Error(`a token that is good was answered ${before}`);
  const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  await accounts.revoke({ jti });
  const began = performance.now();
  while (outcome(await call(items, { token })) === '200') {
    if (performance.now() - began > LONG_MS) throw new Error('a revoked token was let through for 30 s');
  }
  return performance.now() - began;
}
