import { expect, test } from 'vitest';
import { cpuSeconds, ownCpuSeconds } from './cpu.ts';

test('the CPU time of a process grows with what it does', () => {
  const [before, ownBefore] = [cpuSeconds(process.pid), ownCpuSeconds()];
  while (ownCpuSeconds() - ownBefore < 0.1);
  const after = cpuSeconds(process.pid);
  // Counted in hundredths, cut off.
  expect(after - before).toBeGreaterThan(0.07);
  expect(after).toBeLessThanOrEqual(ownCpuSeconds() + 0.02);
});
