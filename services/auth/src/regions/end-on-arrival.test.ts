import type { RevocationEntry } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import type { SessionEndings } from '../sessions/session-endings.ts';
import { endOnArrival } from './end-on-arrival.ts';

const USER = '00000000-0000-4000-8000-000000000002';

async function arrive(entry: Pick<RevocationEntry, 'kind' | 'id' | 'except'>) {
  const asked: unknown[] = [];
  const begunIn: SessionEndings['begunIn'] = async (...args) => asked.push(args);
  await endOnArrival({ begunIn }, 'tokyo', { issuedBefore: 0, region: 'osaka', until: 1, ...entry });
  return asked;
}

describe('what another region revoked', () => {
  test('by a log-out ends the sessions that the user began here, but for the one that goes on', async () => {
    expect(await arrive({ kind: 'logout', id: USER, except: 's1' })).toEqual([['tokyo', USER, { except: 's1' }]]);
    expect(await arrive({ kind: 'logout', id: USER })).toEqual([['tokyo', USER, { except: undefined }]]);
  });

  test.each([
    { kind: 'user', id: USER },
    { kind: 'device', id: 'd1' },
    { kind: 'client', id: 'shop' },
    { kind: 'all', id: '*' },
    { kind: 'logout', id: 'system:serviceaccount:shop:bucket' },
    { kind: 'logout', id: 'partner|p1' },
  ] as const)('%o ends no session by name', async (entry) => {
    expect(await arrive(entry)).toEqual([]);
  });
});
