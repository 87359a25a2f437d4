import { expect, test } from 'vitest';
import { REVOCATION_STALENESS_SECONDS } from '../region.ts';
import { boundMs, Ledger, type Login } from './ledger.ts';

const BOUND = { maxStalenessSeconds: 15 };
const ENDED_AT = 1_000_000;
const FAR_LATER = ENDED_AT + 3_600_000;

function login(more: Partial<Login> = {}): Login {
  return {
    session: 's',
    region: 'tokyo',
    access: 'a',
    refresh: 'r',
    isDoubtful: false,
    knownIn: new Set(['tokyo', 'osaka']),
    ...more,
  };
}
const over = () => login({ ended: { at: ENDED_AT, region: 'tokyo', isByGlobal: false } });
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
  const bound = (asked: 'tokyo' | 'osaka', service: 'orders' | 'catalog', isByGlobal = false) =>
    boundMs({ ended: { region: 'tokyo', isByGlobal }, asked, service }, BOUND.maxStalenessSeconds);
  expect(bound('tokyo', 'orders')).toBeGreaterThan(REVOCATION_STALENESS_SECONDS * 1_000);
  expect(bound('tokyo', 'orders')).toBeLessThan(BOUND.maxStalenessSeconds * 1_000);
  expect(bound('osaka', 'orders')).toBeGreaterThan(BOUND.maxStalenessSeconds * 1_000);
  expect(bound('osaka', 'catalog')).toBeUndefined();
  expect(bound('tokyo', 'orders', true)).toBe(bound('osaka', 'orders'));
});

test.each(['401 session_expired', '401 token_revoked', '403 permission_missing'])(
  'who is told %s with a live session is locked out',
  (came) => {
    const ledger = new Ledger(BOUND);
    ledger.asked({ ...passed, came, login: login(), sentAt: FAR_LATER }, 'no fault');
    ledger.ofLive('refresh', { came, login: login(), region: 'osaka' }, 'global store frozen');
    expect(ledger.lockedOut).toEqual([
      `use in osaka with a live session of tokyo: ${came}, phase: no fault`,
      `refresh in osaka with a live session of tokyo: ${came}, phase: global store frozen`,
    ]);
  },
);

test('who comes to a region that was not told of the session yet is locked out by that word too', () => {
  const ledger = new Ledger(BOUND);
  const young = login({ knownIn: new Set(['tokyo']) });
  ledger.ofLive('refresh', { came: '401 session_expired', login: young, region: 'osaka' }, 'no fault');
  expect(ledger.lockedOut.length).toBe(1);
});

test('a region shows that it knows a session by what it lets through, but for who would rather let pass', () => {
  const ledger = new Ledger(BOUND);
  const young = login({ knownIn: new Set(['tokyo']) });
  ledger.asked({ ...passed, service: 'catalog', login: young, sentAt: FAR_LATER }, 'no fault');
  expect(young.knownIn.has('osaka')).toBe(false);
  ledger.asked({ ...passed, login: young, sentAt: FAR_LATER }, 'no fault');
  expect(young.knownIn.has('osaka')).toBe(true);
});

test.each(['200', '503 unavailable', '429 rate_limited', 'no answer'])('%s locks nobody out', (came) => {
  const ledger = new Ledger(BOUND);
  ledger.asked({ ...passed, came, login: login(), sentAt: FAR_LATER }, 'no fault');
  expect([ledger.violations, ledger.lockedOut]).toEqual([[], []]);
});

test('a session whose last change was never answered is neither live nor over', () => {
  const ledger = new Ledger(BOUND);
  const [live, ended, doubtful] = [login(), over(), login({ isDoubtful: true })];
  for (const one of [live, ended, doubtful]) ledger.logins.add(one);
  expect([ledger.live, ledger.over]).toEqual([[live], [ended]]);
});
