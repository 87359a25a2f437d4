import { FakeClock } from '@sekisho/kube/testing';
import { type Session, SessionError } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { createPromptReads } from './prompt-reads.ts';

const SESSION: Session = {
  ...{ id: 's1', userId: 'u1', device: {}, fingerprint: 'f' },
  ...{ createdAt: 0, lastAccessedAt: 0, expiresAt: 1 },
};

function setUp() {
  const clock = new FakeClock();
  const asked: PromiseWithResolvers<Session | undefined>[] = [];
  const sessions = {
    get() {
      const answer = Promise.withResolvers<Session | undefined>();
      asked.push(answer);
      return answer.promise;
    },
  };
  return { clock, asked, reads: createPromptReads({ sessions, clock, withinMs: 200 }) };
}

describe('a read of a session that answers in time', () => {
  test('answers what the store does, and why it does not', async () => {
    const { reads, asked } = setUp();
    const [found, failed] = [reads.get('u1', 's1'), reads.get('u1', 's2')];
    asked[0]?.resolve(SESSION);
    asked[1]?.reject(new SessionError('redis_unavailable', 'away'));
    expect(await found).toBe(SESSION);
    await expect(failed).rejects.toThrow('away');
  });

  test('is given up when it takes too long, and joined by who asks again', async () => {
    const { clock, reads, asked } = setUp();
    const first = reads.get('u1', 's1');
    const given = expect(first).rejects.toMatchObject({ code: 'redis_unavailable' });
    await clock.advance(200);
    await given;
    const second = reads.get('u1', 's1');
    expect(asked).toHaveLength(1);
    asked[0]?.resolve(SESSION);
    expect(await second).toBe(SESSION);
  });

  test('that nobody waits for any more may fail', async () => {
    const { clock, reads, asked } = setUp();
    const given = expect(reads.get('u1', 's1')).rejects.toMatchObject({ code: 'redis_unavailable' });
    await clock.advance(200);
    await given;
    asked[0]?.reject(new SessionError('redis_unavailable', 'away'));
    await asked[0]?.promise.catch(() => undefined);
    const again = reads.get('u1', 's1');
    expect(asked).toHaveLength(2);
    asked[1]?.resolve(undefined);
    expect(await again).toBeUndefined();
  });
});
