import { until } from '@sekisho/sessions/testing';
import { expect, vi } from 'vitest';
import type { Asked } from './guard.ts';
import type { RegionUnderTest } from './region.ts';

const WAIT = { timeout: 60_000, interval: 50 };

/** Waits also where it should be so at once: on a machine that stood still, a store answers late, and so does the guard. */
export function becomes(expected: string, ask: () => Promise<Asked>): Promise<Asked> {
  return vi.waitFor(async () => {
    const asked = await ask();
    expect(asked.told).toBe(expected);
    return asked;
  }, WAIT);
}

/** What it comes to where it is told to come back until the region knows. */
export function decided(ask: () => Promise<Asked>): Promise<string> {
  return vi.waitFor(async () => {
    const { told } = await ask();
    expect(told).not.toBe('503 unavailable');
    return told;
  }, WAIT);
}

export function answers<T extends { readonly statusCode: number }>(status: number, call: () => Promise<T>): Promise<T> {
  return vi.waitFor(async () => {
    const answer = await call();
    expect(answer.statusCode).toBe(status);
    return answer;
  }, WAIT);
}

/** Each has told what it had to tell, and heard what the others revoked. */
export async function healed(...regions: readonly RegionUnderTest[]): Promise<void> {
  for (const region of regions) {
    await until(`${region.name} knows of all regions, and has told all`, async () => {
      const { regions: known, sync } = (await region.administer('GET', '/v1/regions')).json();
      const isHeard = ({ behindSeconds = 900 }: { behindSeconds?: number }) => behindSeconds < 5;
      return sync.waiting === 0 && known.every(isHeard);
    });
  }
}
