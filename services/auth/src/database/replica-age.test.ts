import { systemClock } from '@sekisho/kube';
import { describe, expect, test } from 'vitest';
import { ReplicaAge } from './replica-age.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-03-01T00:00:00Z');

/** @param skew how far the clocks of the primary and of its replica are ahead of this machine's, in milliseconds */
function setUp(skew: { readonly primary?: number; readonly replica?: number } = {}) {
  const { primary = 0, replica = 0 } = skew;
  let passed = 0;
  const clock = { ...systemClock, now: () => START + passed, monotonic: () => passed };
  const age = new ReplicaAge({ maxMs: 60 * MINUTE, clock });
  const at = () => ({ wall: clock.now(), monotonic: clock.monotonic() });
  return {
    age,
    pass: (ms: number) => {
      passed += ms;
    },
    see: () => age.saw({ at: at(), now: clock.now() + primary }),
    /** @param writtenMsAgo the row that has arrived */
    look: (writtenMsAgo: number) => ({
      at: at(),
      shown: { writtenAt: clock.now() - writtenMsAgo + primary, readAt: clock.now() + replica },
    }),
  };
}

describe('the age of a replica', () => {
  const SKEWS = [
    {},
    { primary: 30 * MINUTE },
    { primary: -30 * MINUTE },
    { replica: 30 * MINUTE },
    { replica: -30 * MINUTE },
  ];

  test.each(SKEWS)('is that of what has arrived, whatever the clocks say (%j), once the primary was seen', (skew) => {
    const { age, pass, see, look } = setUp(skew);
    see();
    pass(10 * MINUTE);
    // It goes on receiving although this process sees the primary no more.
    age.shows(look(MINUTE));
    expect(age.ms).toBe(MINUTE);
    age.shows(look(50 * MINUTE));
    expect(age.ms).toBe(50 * MINUTE);
    pass(MINUTE);
    expect(age.ms).toBe(51 * MINUTE);
  });

  test.each([
    [{}, 50 * MINUTE],
    [{ replica: 5 * MINUTE }, 55 * MINUTE],
    // Either of the other two clocks that is right says it.
    [{ replica: -5 * MINUTE }, 50 * MINUTE],
    [{ primary: -5 * MINUTE }, 55 * MINUTE],
  ])('goes by the time of day (%j) before the primary was seen', (skew, expected) => {
    const { age, look } = setUp(skew);
    age.shows(look(50 * MINUTE));
    expect(age.ms).toBe(expected);
  });

  test('is that of the primary that was seen last, if another one takes its place', () => {
    const { age, pass, see, look } = setUp();
    see();
    pass(MINUTE);
    see();
    age.shows(look(0));
    expect(age.ms).toBe(0);
  });

  test('is infinite of one that was not asked, or never received anything', () => {
    const { age, see, look } = setUp();
    expect(age.ms).toBe(Number.POSITIVE_INFINITY);
    see();
    age.shows({ ...look(0), shown: undefined });
    expect(age.ms).toBe(Number.POSITIVE_INFINITY);
    expect(() => age.believe({ ...look(0), shown: undefined })).toThrow('too old');
  });
});

test('a replica is believed up to its greatest age, and each time is counted', () => {
  const { age, see, look } = setUp();
  see();
  age.believe(look(60 * MINUTE));
  expect(age.believed).toBe(1);
  const refused = expect.objectContaining({ code: 'unavailable', retryAfter: 1 });
  expect(() => age.believe(look(60 * MINUTE + 1))).toThrow(refused);
  expect(() => age.believe(look(Number.NaN))).toThrow(refused);
  expect(age.believed).toBe(1);
  age.believe(look(0));
  expect(age.believed).toBe(2);
});

test('a machine that slept is not taken for one that just saw the primary', () => {
  let wall = START;
  const clock = { ...systemClock, now: () => wall, monotonic: () => 0 };
  const age = new ReplicaAge({ maxMs: 60 * MINUTE, clock });
  age.saw({ at: { wall, monotonic: 0 }, now: START });
  wall += 120 * MINUTE;
  const look = { at: { wall, monotonic: 0 }, shown: { writtenAt: START, readAt: START } };
  expect(() => age.believe(look)).toThrow('too old');
});
