import { randomUUID } from 'node:crypto';
import { openRevocationLog, startRevocationReader } from '@sekisho/sessions';
import { measurePropagation } from '@sekisho/sessions/testing';
import { type Figure, percentile } from '../report.ts';
import type { World } from './world.ts';

const COUNT = 500;

/** From the answer of `POST /v1/revocations` until a reader in another process than the service refuses. */
export async function propagationFigures({ platform, stores }: World): Promise<readonly Figure[]> {
  const log = openRevocationLog({ url: stores.redisUrl });
  const reader = startRevocationReader({ log, clock: () => new Date() });
  await reader.ready;
  const revoke = async (session: string) => void (await platform.asAdmin('/v1/revocations', { session }, 200));
  const took = await measurePropagation({ revoke, reader, count: COUNT, newId: randomUUID });
  await reader.stop();
  const name = 'revocation, from its answer to the denial';
  return [
    { name: `${name}, p50`, value: percentile(took, 0.5), unit: 'ms' },
    { name: `${name}, p99`, value: percentile(took, 0.99), unit: 'ms', target: { relation: '<=', value: 100 } },
    { name: `${name}, longest of ${COUNT}`, value: Math.max(...took), unit: 'ms' },
  ];
}
