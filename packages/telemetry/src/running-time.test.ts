import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { afterRunning } from './running-time.ts';
import { standStill } from './testing/stand-still.ts';

describe('a time in which the process runs', () => {
  test('is over when it ran for as long', async () => {
    const began = performance.now();
    await new Promise<void>((resolve) => void afterRunning(100, resolve));
    expect(performance.now() - began).toBeGreaterThan(90);
  });

  test('is not over because the process stood still for longer', async () => {
    let isOver = false;
    const giveUp = afterRunning(1_000, () => {
      isOver = true;
    });
    await sleep(10);
    standStill(1_200);
    await sleep(10);
    expect(isOver).toBe(false);
    giveUp();
  });

  test('ends nothing any more once it was given up', async () => {
    let isOver = false;
    afterRunning(20, () => {
      isOver = true;
    })();
    await new Promise<void>((resolve) => void afterRunning(100, resolve));
    expect(isOver).toBe(false);
  });
});
