import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEVICE_POLICIES, type Device } from './device.ts';
import { createDeviceCheck, deviceChange } from './device-change.ts';
import type { SecurityEvent } from './security-event.ts';
import { newSession } from './session.ts';

const text = fc.constantFrom('', 'a', 'b', 'Firefox');
const devices: fc.Arbitrary<Device> = fc.record(
  { userAgent: text, platform: text, language: text },
  { requiredKeys: [] },
);
const sessionOn = (device: Device) => newSession('s1', { userId: 'u1', device, ip: '192.0.2.1' }, 0, 1_000);

describe('a change of device', () => {
  test('is none for the same properties, and names those that differ', () => {
    fc.assert(
      fc.property(devices, devices, (before, after) => {
        const names = (['userAgent', 'platform', 'language'] as const).filter((name) => before[name] !== after[name]);
        expect(deviceChange(sessionOn(before), after)).toEqual(names.length === 0 ? undefined : names);
      }),
    );
  });

  test.each(DEVICE_POLICIES)('is told each time under the policy %s, by ids alone', (policy) => {
    const events: SecurityEvent[] = [];
    const check = createDeviceCheck({ policy, onSecurityEvent: (event) => events.push(event) });
    const session = sessionOn({ userAgent: 'Firefox', platform: 'Linux' });
    expect(check(session, { userAgent: 'Firefox', platform: 'Linux' })).toBe('same');
    expect(events).toEqual([]);
    expect(check(session, { userAgent: 'curl', platform: 'Linux' })).toBe(policy);
    expect(check(session, { platform: 'Linux' })).toBe(policy);
    const event = { kind: 'device_changed', userId: 'u1', sessionId: 's1', changed: ['userAgent'], policy };
    expect(events).toEqual([event, event]);
  });
});
