import { expect, test } from 'vitest';
import type { Ask, Reply } from './ask.ts';
import { Ledger } from './ledger.ts';

const ask: Ask = {
  ...{ name: 'no token', service: 'echo', place: 'edge', method: 'GET', path: '/items' },
  presented: { kind: 'none' },
};
const entry = (reply: Reply, mayPass: boolean) => ({ ask, reply, mayPass, phase: 'guard slow', sentAt: 0 }) as const;

test('what is let through and must not be is a violation, and a refusal never is', () => {
  const ledger = new Ledger();
  ledger.add(entry({ status: 200 }, true));
  ledger.add(entry({ status: 401, code: 'token_missing' }, false));
  ledger.add(entry({ status: 503 }, true));
  ledger.add(entry('none', false));
  expect(ledger.summary).toEqual({ requests: 4, allowed: 1, forbidden: new Map([['no token', 2]]), violations: [] });
  ledger.add(entry({ status: 204 }, false));
  expect(ledger.summary.violations).toEqual(['no token: GET /items at the edge, phase: guard slow']);
});

test('the report counts answers by phase, and keeps the longest outage', () => {
  const ledger = new Ledger();
  ledger.add(entry({ status: 401, code: 'token_missing' }, false));
  ledger.recovered('guard killed', 1_500);
  ledger.recovered('guard killed', 700);
  const report = ledger.report();
  expect(report).toMatch(/401 token_missing +1 +1/);
  expect(report).toMatch(/guard killed +2 +1\.5 s/);
  expect(ledger.faults).toBe(2);
});
