import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromFields, isTouchDue, newSession, toFields } from './session.ts';

describe('a stored session', () => {
  test('reads back as it was written, for any device', () => {
    const device = fc.record(
      { userAgent: fc.string(), platform: fc.string(), language: fc.string() },
      { requiredKeys: [] },
    );
    const from = fc.record({ userId: fc.uuid(), device, ip: fc.ipV6() }, { requiredKeys: ['userId', 'device'] });
    fc.assert(
      fc.property(from, fc.uuid(), fc.nat(), (some, id, now) => {
        const session = newSession(id, some, now, 1_000);
        expect(fromFields(toFields(session))).toEqual(session);
      }),
    );
  });

  test("keeps its own fields whatever a device's properties are called", () => {
    const device = { platform: 'x', id: 'other', userId: 'other', expiresAt: '9' };
    const session = newSession('s', { userId: 'u', device }, 0, 1);
    expect(fromFields(toFields(session))).toMatchObject({ id: 's', userId: 'u', expiresAt: 1 });
  });

  test('is touched again after a minute', () => {
    const session = newSession('s', { userId: 'u', device: {} }, 1_000, 1);
    expect([0, 60_999, 61_000].map((now) => isTouchDue(session, now))).toEqual([false, false, true]);
  });

  test('is none when there are no fields', () => {
    expect(fromFields([])).toBeUndefined();
  });

  test('is refused when a field is missing or is not a time', () => {
    const fields = toFields(newSession('s', { userId: 'u', device: {} }, 0, 1));
    expect(() => fromFields(fields.slice(2))).toThrow(expect.objectContaining({ code: 'session_invalid' }));
    const broken = fields.map((field) => (field === '0' ? 'yesterday' : field));
    expect(() => fromFields(broken)).toThrow(expect.objectContaining({ code: 'session_invalid' }));
  });
});
