import { expect, test } from 'vitest';
import { REVOCATION_STALENESS_SECONDS } from '../region.ts';
import { boundMs, Ledger, type Login } from './ledger.ts';

const BOUND = { maxStalenessSeconds: 15 };
const ENDED_AT = 1_000_000;
const FAR_LATER = ENDED_AT + 3_600_000;

function login(more: Partial<Login> = {}): Login {
  return { session: 's', region: 'tokyo', access: 'a', refresh: 'r', isDoubtful: false, ...more };
}
const over = () => login({ ended: { at: ENDED_AT, region: 'tokyo' } });
const passed = { region: 'osaka', service: 'orders', came: '200' } as const;

test('who passes after the bound is a violation, with when and where', () => {
  const ledger = new Ledger(BOUND);
  ledger.asked({ ...passed, login: over(), sentAt: FAR_LATER }, 'global store frozen');
  expect(ledger.violations).toEqual([
    'orders in osaka: 3600000 ms after the log-out in tokyo, phase: global store frozen',
  ]);
  expect(ledger.forbidden).toBe(1);
});

test('who is refused after the bound shows something and violates nothing', () => {
  const ledger = new Ledger(BOUND);
  ledger.asked({ ...passed, came: '401 token_revoked', login: over(), sentAt: FAR_LATER }, 'no fault');
  expect([ledger.violations, ledger.forbidden]).toEqual([[], 1]);
});

test('within the bound, before the log-out, and without one everybody may pass', () => {
  const ledger = new Ledger(BOUND);
  ledger.asked({ ...passed, login: over(), sentAt: ENDED_AT + 1 }, 'no fault');
  ledger.asked({ ...passed, login: over(), sentAt: ENDED_AT - 1 }, 'no fault');
  ledger.asked({ ...passed, login: login(), sentAt: FAR_LATER }, 'no fault');
  expect([ledger.violations, ledger.forbidden]).toEqual([[], 0]);
});

test('the region of the log-out has to know sooner than the other; a service that would rather let pass has no bound', () => {
  const bound = (asked: 'tokyo' | 'osaka', service: 'orders' | 'catalog') =>
    boundMs({ ended: 'tokyo', asked, service }, BOUND.maxStalenessSeconds);
  expect(bound('tokyo', 'orders')).toBeGreaterThan(REVOCATION_STALENESS_SECONDS * 1_000);
  expect(bound('tokyo', 'orders')).toBeLessThan(BOUND.maxStalenessSeconds * 1_000);
  expect(bound('osaka', 'orders')).toBeGreaterThan(BOUND.maxStalenessSeconds * 1_000);
  expect(bound('osaka', 'catalog')).toBeUndefined();
});

test('a session whose last change was never answered is neither live nor over', () => {
  const ledger = new Ledger(BOUND);
  const [live, ended, doubtful] = [login(), over(), login({ isDoubtful: true })];
  for (const one of [live, ended, doubtful]) ledger.logins.add(one);
  expect([ledger.live, ledger.over]).toEqual([[live], [ended]]);
});
