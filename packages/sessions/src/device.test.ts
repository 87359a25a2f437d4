import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deviceFingerprint } from './device.ts';

const text = fc.option(fc.string(), { nil: undefined });
const devices = fc.record({ userAgent: text, platform: text, language: text }).map(
  // An absent property, not one that is undefined.
  (device) => Object.fromEntries(Object.entries(device).filter(([, value]) => value !== undefined)),
);

describe('deviceFingerprint', () => {
  test('is the same for the same properties, in any order', () => {
    fc.assert(
      fc.property(devices, (device) => {
        const reversed = Object.fromEntries(Object.entries(device).reverse());
        expect(deviceFingerprint(reversed)).toBe(deviceFingerprint(device));
      }),
    );
  });

  test('differs when a property differs, moves to another name or is absent instead of empty', () => {
    const prints = [
      {},
      { userAgent: '' },
      { userAgent: 'a' },
      { platform: 'a' },
      { language: 'a' },
      { userAgent: 'a', platform: 'b' },
      { userAgent: 'a","b' },
    ].map(deviceFingerprint);
    expect(new Set(prints).size).toBe(prints.length);
    for (const print of prints) expect(print).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
