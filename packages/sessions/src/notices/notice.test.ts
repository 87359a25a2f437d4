import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noticeKeys, toNotice, toText } from './notice.ts';

const notices = fc.record({
  userId: fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/),
  clientId: fc.stringMatching(/^[!-~]{1,384}$/),
  endedAt: fc.nat({ max: 4_102_444_800_000 }),
  attempts: fc.nat({ max: 1_000 }),
});

test('a notice is read back as it was written', () => {
  fc.assert(
    fc.property(notices, (notice) => {
      expect(toNotice('s1', toText(notice))).toEqual({ ...notice, sessionId: 's1' });
    }),
  );
});

test.each(['', 'u1 shop 1', 'u1 shop 1 0 more', 'u 1 shop 1 0', 'u1 shop x 0', '{"userId":"u1"}', 'u1 shop 1 0\n'])(
  'what is none is not taken for one (%j)',
  (text) => {
    expect(toNotice('s1', text)).toBeUndefined();
  },
);

test('the keys lie in the cluster slot of the revocations', () => {
  for (const key of Object.values(noticeKeys('sk'))) expect(key).toMatch(/^sk:\{revocations\}:notices/);
});
