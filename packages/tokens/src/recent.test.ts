import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Recent } from './recent.ts';

const operation = fc.record({ name: fc.constantFrom(...'abcdefgh'), write: fc.option(fc.nat()) });

test('never gives another value than was set last, and never holds more than it may', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), fc.integer({ min: 2, max: 6 }), (operations, maxEntries) => {
      const recent = new Recent<number>(maxEntries);
      const last = new Map<string, number>();
      for (const { name, write } of operations) {
        if (write === null) expect([undefined, last.get(name)]).toContain(recent.get(name));
        else {
          recent.set(name, write);
          last.set(name, write);
          expect(recent.get(name)).toBe(write);
        }
      }
      expect([...last.keys()].filter((name) => recent.get(name) !== undefined).length).toBeLessThanOrEqual(maxEntries);
    }),
  );
});

test('keeps what is used while others come and go', () => {
  const recent = new Recent<number>(10);
  recent.set('used', 1);
  for (let other = 0; other < 100; other += 1) {
    recent.set(`other ${other}`, other);
    expect(recent.get('used')).toBe(1);
  }
  expect(recent.get('other 0')).toBeUndefined();
  expect(recent.get('other 99')).toBe(99);
});
