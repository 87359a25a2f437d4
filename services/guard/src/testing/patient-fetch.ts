import { expect, vi } from 'vitest';

const WAIT = { timeout: 120_000, interval: 100 };

/** Comes again where it is told to: an auth service that stood still knows too little of its keys for a moment. */
export const patientFetch: typeof globalThis.fetch = (input, init) =>
  vi.waitFor(async () => {
    const response = await fetch(input, init);
    expect(response.status).not.toBe(503);
    return response;
  }, WAIT);
