import { expect, test } from 'vitest';
import { CountingPace } from './counting-pace.ts';

test('counting waits for changes to gather, and longer the longer it takes', () => {
  const pace = new CountingPace(300);
  expect(pace.delayMs).toBe(300);
  pace.count(10);
  expect(pace.delayMs).toBe(300);
  pace.count(50);
  expect(pace.delayMs).toBe(1_000);
  pace.count(1);
  expect(pace.delayMs).toBe(300);
});
