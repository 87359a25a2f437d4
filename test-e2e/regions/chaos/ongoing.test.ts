import { expect, test } from 'vitest';
import { NO_FAULT, Ongoing } from './ongoing.ts';

const BOTH = {
  pauseMs: 0,
  strikes: [
    { name: 'store of tokyo killed', afterMs: 0, lastsMs: 1 },
    { name: 'auth of osaka frozen', afterMs: 0, lastsMs: 1 },
  ],
} as const;

test('what fails is named, and may be lacking until a moment after it is back', () => {
  let now = 0;
  const ongoing = new Ongoing(() => now);
  const lacking = () => ['valkey-tokyo', 'auth-osaka', 'valkey-osaka'].filter((part) => ongoing.mayLack(part));
  expect([ongoing.phase, lacking()]).toEqual([NO_FAULT, []]);
  ongoing.begin(BOTH);
  expect([ongoing.phase, lacking()]).toEqual([
    'store of tokyo killed and auth of osaka frozen',
    ['valkey-tokyo', 'auth-osaka'],
  ]);
  now = 3_600_000;
  ongoing.end();
  now += 1_000;
  expect([ongoing.phase, lacking()]).toEqual([NO_FAULT, ['valkey-tokyo', 'auth-osaka']]);
  now += 60_000;
  expect(lacking()).toEqual([]);
});
