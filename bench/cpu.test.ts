import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cpuSeconds, ownCpuSeconds, threadSeconds } from './cpu.ts';

test('the CPU time of a process grows with what it does', () => {
  const [before, ownBefore] = [cpuSeconds(process.pid), ownCpuSeconds()];
  while (ownCpuSeconds() - ownBefore < 0.1);
  const after = cpuSeconds(process.pid);
  // Counted in hundredths, cut off.
  expect(after - before).toBeGreaterThan(0.07);
  expect(after).toBeLessThanOrEqual(ownCpuSeconds() + 0.02);
});

test('of the threads of a process, one runs JavaScript and libuv has some, and none is counted twice', async () => {
  const before = threadSeconds(process.pid, 'pool');
  while (threadSeconds(process.pid, 'pool') - before < 0.05) await promisify(pbkdf2)('x', 'y', 20_000, 32, 'sha256');
  const parts = threadSeconds(process.pid, 'pool') + threadSeconds(process.pid, 'event loop');
  expect(threadSeconds(process.pid, 'event loop')).toBeGreaterThan(0);
  // Counted in hundredths, cut off, and as one sum or thread by thread.
  expect(parts).toBeLessThanOrEqual(cpuSeconds(process.pid) + 0.1);
});
