import { describe, expect, test } from 'vitest';
import type { RegionNews } from '../revocation/regional/region-news.ts';
import { sessionIdOf } from './session-id.ts';
import { createHear, mayBeUntold } from './untold.ts';

const NOW = Date.UTC(2026, 0, 1);
const THUMBPRINT = 'A'.repeat(43);
const news = (name: string, ageMs: number, state: RegionNews['state'] = 'present', untoldMs = ageMs) => ({
  ...{ name, ageMs, state, untoldMs },
});
const signed = (region: string, ageMs: number) => ({
  kid: region === '' ? THUMBPRINT : `${region}.${THUMBPRINT}`,
  iat: (NOW - ageMs) / 1000,
});

describe('a session that is known nowhere', () => {
  test.each([
    ['of a region that is behind may live', news('tokyo', 5_001), signed('tokyo', 600_000), true],
    ['of a region that was never heard of may live', news('tokyo', Infinity), signed('tokyo', 600_000), true],
    ['of a region that is up to date is over', news('tokyo', 5_000), signed('tokyo', 10_000), false],
    ['whose token was issued just now may live', news('tokyo', 0), signed('tokyo', 9_000), true],
    ['whose token is of a clock that is ahead may live', news('tokyo', 0), signed('tokyo', -30_000), true],
    ['that was to be told of yet may live', news('tokyo', 0, 'present', 60_000), signed('tokyo', 64_000), true],
    ['that was to be told of before is over', news('tokyo', 0, 'present', 60_000), signed('tokyo', 65_000), false],
    [
      'of a region that never told of any may live',
      news('tokyo', 0, 'present', Infinity),
      signed('tokyo', 600_000),
      true,
    ],
    ['of a region that is given up is over', news('tokyo', Infinity, 'lost'), signed('tokyo', 0), false],
    ['of this region is over, whoever is behind', news('tokyo', Infinity), signed('osaka', 0), false],
    ['of a time before there were regions is over', news('tokyo', Infinity), signed('', 0), false],
    ['of a token without a key id is over', news('tokyo', Infinity), { kid: undefined, iat: NOW / 1000 }, false],
    [
      'that a store knows in part, of a moment ago, may live',
      news('tokyo', 0),
      { region: 'tokyo', ageMs: 9_000 },
      true,
    ],
    [
      'that a store knows in part, of a while ago, is over',
      news('tokyo', 0),
      { region: 'tokyo', ageMs: 10_000 },
      false,
    ],
    ['that does not say where it began may live while any region is behind', news('tokyo', 5_001), 'unsaid', true],
    [
      'that does not say where it began may live while any region has some to tell of',
      news('tokyo', 0, 'present', 5_001),
      'unsaid',
      true,
    ],
    ['that does not say where it began is over while none is', news('tokyo', 5_000), 'unsaid', false],
    ['that does not say where it began waits for no lost region', news('tokyo', Infinity, 'lost'), 'unsaid', false],
  ] as const)('%s', (_, region, from, expected) => {
    expect(mayBeUntold([news('kyoto', 0), region], from, NOW)).toBe(expected);
  });

  test('is over where there is one region', () => {
    expect(mayBeUntold([], signed('tokyo', 0), NOW)).toBe(false);
    expect(mayBeUntold([], 'unsaid', NOW)).toBe(false);
  });
});

describe('who asks for it', () => {
  const revocations = {
    check: ({ session }: { readonly session?: { readonly id?: string } }) =>
      session?.id === 'refused' ? ({ kind: 'session', id: 'refused' } as const) : undefined,
    regions: () => [news('tokyo', Infinity)],
  };
  const { assertTold } = createHear({ revocations, clock: () => new Date(NOW) })();

  test('is told that it may live', () => {
    expect(() => assertTold('s', 'unsaid')).toThrow(expect.objectContaining({ code: 'session_untold' }));
  });

  test('is told so by the id alone, and only of the region where it began', () => {
    const regions = () => [news('tokyo', 0), news('kyoto', Infinity)];
    const { assertTold: toldBy } = createHear({
      revocations: { ...revocations, regions },
      clock: () => new Date(NOW),
    })();
    const born = (region: string, ageMs: number) => sessionIdOf({ region, at: NOW - ageMs }, 'random');
    expect(() => toldBy(born('tokyo', 9_000), 'unsaid')).toThrow(expect.objectContaining({ code: 'session_untold' }));
    expect(() => toldBy(born('tokyo', 10_000), 'unsaid')).not.toThrow();
    expect(() => toldBy(born('kyoto', 600_000), 'unsaid')).toThrow(expect.objectContaining({ code: 'session_untold' }));
    expect(() => toldBy(born('osaka', 0), 'unsaid')).not.toThrow();
  });

  test('is told that it is over where it is refused by name', () => {
    expect(() => assertTold('refused', 'unsaid')).not.toThrow();
  });

  test('goes by what is known where it does not matter how it is asked for', () => {
    expect(() => assertTold('s', undefined)).not.toThrow();
    const { assertTold: alone } = createHear({ clock: () => new Date(NOW) })();
    expect(() => alone('s', 'unsaid')).not.toThrow();
  });

  test('goes by what was known before a store was asked: what was told since is not in its answer', () => {
    let ageMs = 60_000;
    const regions = () => [news('tokyo', ageMs)];
    const hear = createHear({ revocations: { ...revocations, regions }, clock: () => new Date(NOW) });
    const { assertTold: assertToldBefore } = hear();
    ageMs = 0;
    const from = signed('tokyo', 30_000);
    expect(() => assertToldBefore('s', from)).toThrow(expect.objectContaining({ code: 'session_untold' }));
    expect(() => hear().assertTold('s', from)).not.toThrow();
  });
});
