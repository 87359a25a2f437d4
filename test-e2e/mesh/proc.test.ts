import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { childrenOf, identify, isAlive, residentBytes } from './proc.ts';

test('a child that another thread started is a child of the process', async () => {
  const source = `
    const child = require('node:child_process').spawn('sleep', ['60']);
    require('node:worker_threads').parentPort.postMessage(child.pid);`;
  const worker = new Worker(source, { eval: true });
  const [pid] = (await once(worker, 'message')) as [number];
  try {
    expect(childrenOf(process.pid)).toContain(pid);
  } finally {
    process.kill(pid);
    await worker.terminate();
  }
});

test('a pid that another process took is not the process it was', () => {
  const own = identify(process.pid);
  expect(own && isAlive(own)).toBe(true);
  expect(own && isAlive({ ...own, startTime: own.startTime - 1 })).toBe(false);
});

test('a process that is gone has no memory and no children', () => {
  expect([identify(4_194_304), residentBytes(4_194_304), childrenOf(4_194_304)]).toEqual([undefined, 0, []]);
});
